import { type Decision, visit } from './dead-visit'
import type { DeadLetter } from './letter'
import type { QueueName } from './names'

/*
 * Dead letters by reason. Reasons that differ only in what they quote are one group: a thousand producers with the same fault.
 */

/** Groups of one queue that are told apart; letters of others are counted together. */
const MAX_GROUPS = 200
/** Longer reasons are one group by their beginning. */
const MAX_TEXT = 300

export interface DeadGroup {
  queue: QueueName
  /** The reason without what differs from letter to letter: `characterId must be a whole number, got …`. */
  group: string
  count: number
  oldest?: Date
  newest?: Date
  /** The id of one of them, and its reason. */
  example: { id: string; reason: string }
}

export interface DeadGroups {
  groups: DeadGroup[]
  /** Letters read. */
  read: number
  /** Letters of reasons beyond the first `MAX_GROUPS` of their queue. */
  others: number
}

/** The group of a reason. */
export const groupOf = (reason: string): string =>
  reason
    .slice(0, 2 * MAX_TEXT)
    .replace(/"(?:[^"\\]|\\.)*("|$)/g, '"…"')
    .replace(/, got .*$/s, ', got …')
    .replace(/\d[\d.,:_-]*/g, '#')
    .slice(0, MAX_TEXT)

/**
 * Counts dead letters by queue and reason, the largest group first.
 * @param most letters read of each queue, the oldest
 * @throws {Refused} `input` for an unknown queue, `setup` when the broker cannot be reached
 */
export async function groupDead(url: string, queue: string | undefined, most: number): Promise<DeadGroups> {
  const found = new Map<string, DeadGroup>()
  const groupsOf = new Map<string, number>()
  let read = 0
  let others = 0
  const view = async (letter: DeadLetter): Promise<Decision> => {
    read++
    const group = groupOf(letter.reason)
    const key = `${letter.queue} ${group}`
    const known = found.get(key)
    if (known) {
      known.count++
      if (letter.at && (!known.oldest || letter.at < known.oldest)) known.oldest = letter.at
      if (letter.at && (!known.newest || letter.at > known.newest)) known.newest = letter.at
      return 'keep'
    }
    const n = groupsOf.get(letter.queue) ?? 0
    if (n >= MAX_GROUPS) {
      others++
      return 'keep'
    }
    groupsOf.set(letter.queue, n + 1)
    const { id, reason, at } = letter
    found.set(key, { queue: letter.queue, group, count: 1, oldest: at, newest: at, example: { id, reason } })
    return 'keep'
  }
  await visit(url, queue, view, { most })
  return { groups: [...found.values()].sort((a, b) => b.count - a.count), read, others }
}
