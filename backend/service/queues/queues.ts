import type { Depth } from '../../../queues/depths'
import { QUEUES, type QueueName } from '../../../queues/names'
import { databaseCache } from '../base/caches'
import type { Service } from '../base/context'

export interface QueueInfo {
  name: string
  /** Messages not delivered yet, and consumers; null while the broker is unreachable. */
  ready: number | null
  consumers: number | null
  /** Tasks that a worker could take now, and for how long the oldest has been due, ms. */
  due: number
  oldestDueMs: number | null
}

const depthsCache = databaseCache<Map<QueueName, Depth>>(1000)

class BrokerUnreachable extends Error {}

/** Message counts of the queues, up to a second old; undefined while the broker is unreachable, which is never cached. */
export async function queueDepths({ db, depths }: Pick<Service, 'db' | 'depths'>): Promise<Map<QueueName, Depth> | undefined> {
  const read = async () => {
    const found = await depths?.read()
    if (!found) throw new BrokerUnreachable()
    return found
  }
  try {
    return await depthsCache({ db }).get('', read)
  } catch (error) {
    if (error instanceof BrokerUnreachable) return undefined
    throw error
  }
}

/** Every queue: its messages, its consumers, and what is due. */
export async function listQueues(service: Pick<Service, 'db' | 'depths'>): Promise<QueueInfo[]> {
  const [depths, due] = await Promise.all([queueDepths(service), dueByQueue(service)])
  return QUEUES.map((name) => {
    const depth = depths?.get(name)
    const waiting = due.get(name)
    return {
      name,
      ready: depths ? (depth?.ready ?? 0) : null,
      consumers: depths ? (depth?.consumers ?? 0) : null,
      due: waiting?.due ?? 0,
      oldestDueMs: waiting?.oldestDueMs ?? null,
    }
  })
}

interface Due {
  queue: string
  due: number
  oldestDueMs: number
}

async function dueByQueue({ db }: Pick<Service, 'db'>): Promise<Map<string, Due>> {
  const rows = await db.query<Due>(
    `select t.queue, count(*)::int as due, round(extract(epoch from clock_timestamp() - min(t.due_at)) * 1000)::float8 as "oldestDueMs"
       from backhaul.jobs j join backhaul.tasks t on t.job_id = j.id
      where j.admitted and t.state = 'ready' and t.claim is null and t.due_at <= clock_timestamp() group by 1`,
  )
  return new Map(rows.map((row) => [row.queue, row]))
}
