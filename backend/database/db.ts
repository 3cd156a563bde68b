import { setTimeout as rest } from 'node:timers/promises'
import { Pool, TypeOverrides } from 'pg'
import type { Reader, Tx } from '../base/sql'
import { READ_ONLY, refusePooler } from './faults'
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

  async function tx<T>(work: (tx: Tx, end: End) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await once(work)
      } catch (error) {
        if (attempt === 5 || !mayRepeat(error)) throw error
        // Both sides of a deadlock run again; a random pause keeps them from colliding once more.
        await rest(Math.random() * 50 * attempt)
      }
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
    tx,
    sequence: () => createSequence(once, tx, mayRepeat),
    close: () => pool.end(),
  }
}

/** Classes of SQLSTATE that say that the server is stopping, starting, or out of connections. */
const UNAVAILABLE = /^(08|57P|53300)/
/** PgBouncer uses this one code for all its own errors, and Postgres for messages it cannot read. */
const PROTOCOL = '08P01'
/** PgBouncer's texts about servers it cannot reach and limits that are reached for now (src/client.c, objects.c, janitor.c, 1.18 to 1.25). */
const TEMPORARY =
  /has been failing|timeout|crashed|closed|lifetime|shutting down|pause failed|memory|exceeded|no more connections|connect failed|cannot connect|lookup failed|forced disconnect|is disabled/
const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  // No socket file; a running server creates it.
  'ENOENT',
])

/**
 * Whether an error means that Postgres cannot be reached or written to now and that retrying helps; false for a faulty statement or
 * setting.
 */
export function isUnreachable(error: unknown): boolean {
  const { code = '', message = '', syscall } = (error ?? {}) as { code?: string; message?: string; syscall?: string }
  // What follows a colon is a name, which may contain any of these words.
  if (code === PROTOCOL) return TEMPORARY.test(message.split(':')[0] ?? '')
  if (code === 'ENOENT') return syscall === 'connect'
  return (
    UNAVAILABLE.test(code) ||
    code === READ_ONLY ||
    NETWORK.has(code) ||
    /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error/.test(
      message,
    )
  )
}

/** Classes of SQLSTATE that the same statement meets again: data, constraints, names. All others pass. */
export const isPassing = (error: unknown): boolean => {
  const { code } = error as { code?: unknown }
  return isUnreachable(error) || (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^(22|23|42)/.test(code))
}
