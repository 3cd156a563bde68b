import { ALARM, PROBE_KEY } from '../../../queues/alarm'
import { QUEUES } from '../../../queues/names'
import { readOnlyReason } from '../../database/read-only'
import { schedulersAlive } from '../../engine/jobs/progress'
import type { Service } from '../base/context'
import { queueDepths } from '../queues/queues'

export interface Readiness {
  status: 'ready' | 'not ready'
  /** `ok`, or the fault. */
  database: string
  broker: string
  schedulers: number
  /** Queues without a consumer: their work waits, but this process is ready. */
  missingConsumers: string[]
}

/** How long the database may take to answer, ms. */
const ANSWER_MS = 3_000

/** How long the broker may take to confirm or to report its alarm, ms. */
const CONFIRM_MS = 1_000

/** Whether database and broker are usable. */
export async function readiness(service: Service): Promise<Readiness> {
  const [database, depths, alarm] = await Promise.all([databaseState(service), queueDepths(service), brokerAlarm(service)])
  // The message counts may be some seconds old; the connection's state is current.
  const isThere = depths !== undefined && service.broker.state !== 'unreachable'
  const broker = isThere ? (alarm ?? 'ok') : 'RabbitMQ does not answer, or refuses: yarn doctor says why'
  return {
    status: database.text === 'ok' && broker === 'ok' ? 'ready' : 'not ready',
    database: database.text,
    broker,
    schedulers: database.schedulers,
    missingConsumers: isThere ? QUEUES.filter((queue) => (depths.get(queue)?.consumers ?? 0) === 0) : [],
  }
}

/** RabbitMQ reports its alarm to a connection when it next publishes, so this publishes a message that reaches no queue. */
async function brokerAlarm({ broker }: Service): Promise<string | undefined> {
  if (broker.state === 'connected') {
    const probe = broker.publish([{ queue: PROBE_KEY, body: Buffer.alloc(0), mandatory: false }])
    await Promise.race([probe, new Promise((resolve) => setTimeout(resolve, CONFIRM_MS).unref())])
  }
  return broker.state === 'blocked' ? ALARM : undefined
}

async function databaseState({ db, log }: Service): Promise<{ text: string; schedulers: number }> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS).unref()
  })
  try {
    const [schedulers, readOnly] = await Promise.race([Promise.all([schedulersAlive(db), readOnlyReason(db)]), late])
    return { text: readOnly ?? 'ok', schedulers }
  } catch (error) {
    log.debug(`the database is not ready: ${(error as Error).message}`)
    // The driver's text may name hosts and roles, and this answer needs no token.
    return { text: 'PostgreSQL does not answer', schedulers: 0 }
  }
}
