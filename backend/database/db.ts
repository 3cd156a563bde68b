import { setTimeout as rest } from 'node:timers/promises'
import type { Reader, Tx } from '../base/sql'
import { Pool, TypeOverrides } from './driver'
import { refusePooler } from './faults'
import type { Models } from './prisma'
import { createSequence, type RunOnce, type Sequence } from './sequence'
import { isPooled, prepareSession, type Timeouts } from './session'
import { createSharing } from './sharing'
import { type End, statementsOn, transaction } from './transaction'

/*
 * One pool per process. Prisma Client runs the ordinary reads and writes behind the API: schedules, webhooks, actions, alerts. All else
 * is named SQL. A page commits thousands of rows through `unnest` and must know which were new. Prisma Client cannot express locks,
 * fences, queues, and cursors with microseconds. Workers and most commands should not load it, so that the row of an action, which every
 * queue script writes, is SQL too.
 */

export interface Db extends Reader {
  readonly pool: Pool
  /** Ordinary single statements. Loaded at first use: it takes 50 MB and 0.2 s, which workers and most commands never need. */
  readonly prisma: Models
  /**
   * Runs `work` in one transaction; a deadlock or serialization failure runs it again, at most five times. A statement through `end`
   * is the last one and commits.
   */
  tx<T>(work: (tx: Tx, end: End) => Promise<T>): Promise<T>
  /** Transactions of one caller that need not wait for each other's commit. */
  sequence(): Sequence
  close(): Promise<void>
}

/** int8 arrives as bigint: upstream ids may outgrow a double. */
const types = new TypeOverrides()
types.setTypeParser(20, (text) => BigInt(text))

const RETRIED = new Set(['40001', '40P01'])
const mayRepeat = (error: unknown): boolean => RETRIED.has((error as { code?: string }).code ?? '')

const TIMEOUTS: Timeouts = { statement: 60_000, lock: 10_000, idle: 30_000 }

interface DbOptions {
  /** Maximum number of connections. */
  max?: number
  /** Shown in pg_stat_activity. */
  name?: string
  /** What needs a session of its own, for the error that refuses a pooler; absent: transactions are enough. */
  session?: string
}

/** Opens a pool on `url`; connects at first use. */
export function openDb(url: string, { max = 3, name = 'backhaul', session }: DbOptions = {}): Db {
  const pool = new Pool({
    connectionString: url,
    max,
    application_name: name,
    types,
    keepAlive: true,
    // A statement need not wait for the answer to the one before; those of a sequence do not.
    pipeline: true,
    connectionTimeoutMillis: 10_000,
    // The pool awaits it, although its types do not say so.
    async onConnect(client) {
      await prepareSession(client, TIMEOUTS)
      if (session && isPooled(client)) throw refusePooler(url, session)
    },
  })
  // The server closed an idle connection; the next query opens another.
  pool.on('error', () => undefined)
  let prisma: Models | undefined

  const use = createSharing(pool)
  const once: RunOnce = (work, place) =>
    use((shared) => {
      place?.onConnection(shared)
      return transaction(shared.client, TIMEOUTS, shared.lose, work, place?.mine, place?.previous?.standing)
    }, place?.previous?.on)

  async function tx<T>(work: (tx: Tx, end: End) => Promise<T>, attempt = 1): Promise<T> {
    // Whom a deadlock ended may be back before the other has what it waited for; a random pause keeps them from colliding once more.
    if (attempt > 1) await rest(Math.random() * 50 * (attempt - 1))
    try {
      return await once(work)
    } catch (error) {
      if (attempt === 5 || !mayRepeat(error)) throw error
      return await tx(work, attempt + 1)
    }
  }

  return {
    // Behind a pooler, the settings of a session can only be set for a transaction.
    query: (sql, values) =>
      use(({ client, lose }) =>
        isPooled(client) ? transaction(client, TIMEOUTS, lose, (_, end) => end(sql, values)) : statementsOn(client).query(sql, values),
      ),
    pool,
    get prisma() {
      if (!prisma) {
        const { modelsOn } = require('./prisma') as typeof import('./prisma')
        prisma = modelsOn(pool, (statement) =>
          use(({ client, lose }) =>
            isPooled(client) ? transaction(client, TIMEOUTS, lose, () => client.query(statement)) : client.query(statement),
          ),
        )
      }
      return prisma
    },
    tx: (work) => tx(work),
    sequence: () => createSequence(once, (work) => tx(work, 2), mayRepeat),
    close: () => pool.end(),
  }
}
