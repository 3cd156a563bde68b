import { Refused } from '../backend/base/errors'
import type { Broker } from './broker'
import { groupOf } from './dead-groups'
import { type Decision, type Publish, visit } from './dead-visit'
import type { Delivery } from './delivery'
import { type DeadLetter, letterHeaders } from './letter'
import { deadQueueOf } from './names'

export type { DeadLetter } from './letter'

/**
 * Puts a delivery on its dead-letter queue with the reason; its message id is kept.
 * @returns true once the broker has confirmed it; only then may the delivery be acked
 */
export async function bury(broker: Broker, delivery: Pick<Delivery, 'queue' | 'body' | 'messageId'>, reason: string): Promise<boolean> {
  const { queue, body, messageId } = delivery
  const [sent] = await broker.publish([{ queue: deadQueueOf(queue), body, messageId, headers: letterHeaders(queue, reason) }])
  return sent === 'confirmed'
}

/** Bytes of each body in a list. */
const PREVIEW_BYTES = 4096

export interface DeadChoice {
  queue?: string
  id?: string
  /** Several at once; unknown ones are ignored. */
  ids?: readonly string[]
  /** Only those of this group: a text of `groupOf`. */
  group?: string
  all?: boolean
}

const preview = (letter: DeadLetter): DeadLetter => ({ ...letter, body: Buffer.from(letter.body.subarray(0, PREVIEW_BYTES)) })

/**
 * Dead letters, oldest first. What it costs depends on `limit`, not on how many there are, unless a group is chosen.
 * @param queue only those meant for it; absent: of every queue
 * @param limit how many at most, of all queues together
 * @throws {Refused} `input` for an unknown queue, `setup` when the broker cannot be reached
 */
export async function listDead(url: string, queue?: string, limit = 100, group?: string): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  const found = new Map<string, number>()
  const view = async (letter: DeadLetter): Promise<Decision> => {
    if (group !== undefined && groupOf(letter.reason) !== group) return 'keep'
    const before = found.get(letter.queue) ?? 0
    if (before >= limit) return 'next'
    found.set(letter.queue, before + 1)
    letters.push(preview(letter))
    return 'keep'
  }
  await visit(url, queue, view, { most: group === undefined ? limit : undefined })
  return letters.sort((a, b) => (a.at?.getTime() ?? 0) - (b.at?.getTime() ?? 0)).slice(0, limit)
}

/**
 * Calls `take` with the previews of all dead letters, a chunk of some hundreds at a time, queue by queue and oldest first.
 * @throws like `listDead`
 */
export async function eachDead(url: string, { queue, group }: DeadChoice, take: (letters: DeadLetter[]) => Promise<void>): Promise<void> {
  let chunk: DeadLetter[] = []
  const view = async (letter: DeadLetter): Promise<Decision> => {
    if (group === undefined || groupOf(letter.reason) === group) chunk.push(preview(letter))
    return 'keep'
  }
  const onChunk = async () => {
    const letters = chunk
    chunk = []
    if (letters.length > 0) await take(letters)
  }
  await visit(url, queue, view, { onChunk })
}

/**
 * One dead letter with its whole body.
 * @throws {Refused} `missing` when no dead letter has this id
 */
export async function showDead(url: string, id: string): Promise<DeadLetter> {
  let found: DeadLetter | undefined
  await visit(url, undefined, async (letter) => {
    if (letter.id !== id) return 'keep'
    found = letter
    return 'enough'
  })
  if (!found) throw absent(id)
  return found
}

/**
 * Publishes dead letters to the queues they were meant for and removes each from the dead-letter queue after its confirm: a crash in
 * between leaves one on both.
 * @returns how many were replayed
 * @throws {Refused} `input` when nothing was chosen, `missing` for an unknown id, `setup` when the broker does not confirm them
 */
export function replayDead(url: string, choice: DeadChoice): Promise<number> {
  return take(url, choice, (letter, publish) => publish(letter.queue, letter.body, { messageId: letter.messageId }))
}

/**
 * Publishes another message in place of a dead letter, which is removed after the confirm.
 * @throws {Refused} `missing` when no dead letter has this id, `setup` when the broker does not confirm the message
 */
export async function replaceDead(url: string, id: string, body: Buffer): Promise<void> {
  await take(url, { id }, (letter, publish) => publish(letter.queue, body, { messageId: letter.messageId }))
}

/**
 * Deletes dead letters.
 * @returns how many were deleted
 * @throws {Refused} `input` when nothing was chosen, `missing` for an unknown id
 */
export function dropDead(url: string, choice: DeadChoice): Promise<number> {
  return take(url, choice, async () => undefined)
}

async function take(url: string, choice: DeadChoice, act: (letter: DeadLetter, publish: Publish) => Promise<void>): Promise<number> {
  const ids = new Set(choice.ids ?? (choice.id ? [choice.id] : []))
  if (!choice.all && ids.size === 0 && !choice.queue) throw new Refused('input', 'Name an id or a queue, or choose all.')
  const chosen = ids.size > 0
  let taken = 0
  await visit(url, choice.queue, async (letter, publish) => {
    if (chosen && ids.size === 0) return 'enough'
    if (chosen && !ids.delete(letter.id)) return 'keep'
    if (choice.group !== undefined && groupOf(letter.reason) !== choice.group) return 'keep'
    await act(letter, publish)
    taken++
    return 'take'
  })
  if (chosen && taken === 0) throw absent([...ids].join(', '))
  return taken
}

const absent = (id: string): Refused => new Refused('missing', `No dead letter has the id ${id}; \`yarn dead list\` shows them.`, 'id')
