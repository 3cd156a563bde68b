import { type DeadGroups as Found, groupDead } from '../../../queues/dead-groups'
import { perDatabase } from '../base/caches'
import type { Service } from '../base/context'
import { queueDepths } from './queues'

/** Letters of one queue that are read to group them, the oldest; a reading of so many takes some seconds. */
export const MAX_GROUPED = 100_000
/** A reading is used again while the queues have as many letters, but no longer than this, ms. */
const KEEP_MS = 300_000

/** Dead letters of one queue and reason. */
export interface DeadGroup {
  queue: string
  /** The reason without what differs from letter to letter. */
  group: string
  count: number
  oldestAt: string | null
  newestAt: string | null
  /** Of one of them. */
  id: string
  reason: string
}

export interface DeadGroups {
  items: DeadGroup[]
  /** Letters read. */
  read: number
  /** Letters of still other reasons, which are no group of their own. */
  others: number
  /** Whether every letter was read. */
  complete: boolean
  /** When they were read. */
  at: string
}

/** Reading dead letters takes them off the queue meanwhile, so the reads of one process wait for each other. */
let reading: Promise<unknown> = Promise.resolve()
export function alone<T>(read: () => Promise<T>): Promise<T> {
  const next = reading.then(read, read)
  reading = next.catch((_: unknown) => undefined)
  return next
}

interface Kept {
  /** How many letters each queue had. */
  depths: string
  at: number
  groups: Promise<DeadGroups>
}

const keptOf = perDatabase(() => new Map<string, Kept>())

/** Forgets what was read: somebody took letters. */
export const forgetGroups = (service: Pick<Service, 'db'>): void => keptOf(service).clear()

/**
 * Dead letters by queue and reason, the largest group first. Every reading takes the letters off their queues and releases them, so it is
 * used again while their number stays.
 * @throws {Refused} `input` for an unknown queue, `setup` when the broker cannot be reached
 */
export async function deadGroups(service: Pick<Service, 'config' | 'depths' | 'db'>, queue?: string): Promise<DeadGroups> {
  const depths = JSON.stringify([...((await queueDepths(service)) ?? [])].map(([name, { dead }]) => [name, dead]))
  const kept = keptOf(service)
  const known = kept.get(queue ?? '')
  if (known && known.depths === depths && Date.now() - known.at < KEEP_MS) return await known.groups
  const groups = alone(() => groupDead(service.config.rabbitmqUrl, queue, MAX_GROUPED)).then(shown)
  kept.set(queue ?? '', { depths, at: Date.now(), groups })
  try {
    return await groups
  } catch (error) {
    kept.delete(queue ?? '')
    throw error
  }
}

const shown = ({ groups, read, others }: Found): DeadGroups => ({
  items: groups.map(({ oldest, newest, example, ...group }) => ({
    ...group,
    ...example,
    oldestAt: oldest?.toISOString() ?? null,
    newestAt: newest?.toISOString() ?? null,
  })),
  read,
  others,
  complete: [...new Set(groups.map((group) => group.queue))].every((queue) => countOf(groups, queue) < MAX_GROUPED),
  at: new Date().toISOString(),
})

const countOf = (groups: Found['groups'], queue: string): number =>
  groups.reduce((sum, group) => sum + (group.queue === queue ? group.count : 0), 0)
