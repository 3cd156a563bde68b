import { ALARM, PROBE_KEY } from '../../../queues/alarm'
import { QUEUES } from '../../../queues/names'
import { readOnlyReason } from '../../database/read-only'
import { schedulersAlive } from '../../engine/jobs/progress'
import type { Service } from '../base/context'
import { queueDepths } from '../queues/queues'

export interface Readiness {
  status: 'ready' | 'not ready'
  /** `ok`, or what is wrong. */
  database: string
  broker: string
  schedulers: number
  /** Queues nobody consumes: their work waits, this process does not. */
  missingConsumers: string[]
}

/** How long the database may take to answer, ms. */
const ANSWER_MS = 3_000

/** How long the broker may take to confirm or to say that it takes no messages, ms. */
const CONFIRM_MS = 1_000

/** Whether database and broker can be worked with. */
export async function readiness(service: Service): Promise<Readiness> {
  const [database, depths, alarm] = await Promise.all([databaseState(service), queueDepths(service), brokerAlarm(service)])
  // What lies on the queues may be some seconds old; the connection knows now.
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

/** RabbitMQ tells a connection of its alarm when it next publishes, so a message that no queue takes is published. */
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
    // The driver's text may name hosts and roles; whoever asks here shows no token.
    return { text: 'PostgreSQL does not answer', schedulers: 0 }
  }
}
