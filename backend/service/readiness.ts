import { QUEUES } from '../../queues/names'
import { schedulersAlive } from '../engine/progress'
import type { Service } from './context'
import { queueDepths } from './queues'

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

/** Whether database and broker can be worked with. */
export async function readiness(service: Service): Promise<Readiness> {
  const [database, depths] = await Promise.all([databaseState(service), queueDepths(service)])
  // What lies on the queues may be some seconds old; the connection knows now.
  const isThere = depths !== undefined && service.broker.state !== 'away'
  const isWell = database.text === 'ok' && isThere
  return {
    status: isWell ? 'ready' : 'not ready',
    database: database.text,
    broker: isThere ? 'ok' : 'RabbitMQ does not answer',
    schedulers: database.schedulers,
    missingConsumers: isThere ? QUEUES.filter((queue) => (depths.get(queue)?.consumers ?? 0) === 0) : [],
  }
}

async function databaseState({ db, log }: Service): Promise<{ text: string; schedulers: number }> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS).unref()
  })
  try {
    return { text: 'ok', schedulers: await Promise.race([schedulersAlive(db), late]) }
  } catch (error) {
    log.debug(`the database is not ready: ${(error as Error).message}`)
    // The driver's text may name hosts and roles; whoever asks here shows no token.
    return { text: 'PostgreSQL does not answer', schedulers: 0 }
  }
}
