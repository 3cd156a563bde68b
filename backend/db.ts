import { createHash } from 'node:crypto'
import { setTimeout as rest } from 'node:timers/promises'
import { PrismaPg } from '@prisma/adapter-pg'
import { Pool, type PoolClient, TypeOverrides } from 'pg'
import type { Reader, Tx } from './engine/source'
import type { PrismaClient } from './generated/prisma/client'

/*
 * One pool a process. Prisma runs the ordinary queries on it; hot paths are named statements in the store
 * files, because a page commits thousands of rows through `unnest` and has to know which were new.
 */

export interface Db extends Reader {
  readonly pool: Pool
  /** Made at first use: queue scripts that never need it start faster. */
  readonly prisma: PrismaClient
  /** Runs `work` in one transaction; a deadlock or serialisation failure runs it again, at most five times. */
  tx<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** int8 arrives as bigint: upstream ids do not fit a double for ever. */
const types = new TypeOverrides()
types.setTypeParser(20, (text) => BigInt(text))

const names = new Map<string, string>()

/**
 * Named statements are planned once a connection, which halves the time of the short ones a page needs. The name says which
 * statement it is, whoever prepared it: processes that come to share a connection can never run each other's.
 */
function statementName(sql: string): string {
  const name = names.get(sql) ?? createHash('sha256').update(sql).digest('hex').slice(0, 40)
  names.set(sql, name)
  return name
}

const AGAIN = new Set(['40001', '40P01'])

/** Opens a pool on `url`; connects at first use. */
export function openDb(url: string, { max = 3, name = 'backhaul' } = {}): Db {
  const pool = new Pool({
    connectionString: url,
    max,
    application_name: name,
    types,
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
    statement_timeout: 60_000,
    lock_timeout: 10_000,
    idle_in_transaction_session_timeout: 30_000,
  })
  // An idle connection that the server closed; the next query opens another.
  pool.on('error', () => undefined)
  let prisma: PrismaClient | undefined

  const on = (client: Pool | PoolClient) => ({
    async query<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
      return (await client.query<Row>({ name: values.length > 0 ? statementName(sql) : undefined, text: sql, values: values as unknown[] }))
        .rows
    },
  })

  async function once<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await pool.connect()
    let broken: Error | undefined
    // Without a listener a connection lost between two statements would end the process.
    const lost = (error: Error) => {
      broken = error
    }
    client.on('error', lost)
    try {
      await client.query('begin')
      const result = await work({ ...on(client), inTransaction: true })
      await client.query('commit')
      return result
    } catch (error) {
      await client.query('rollback').catch((failure: Error) => {
        broken = failure
      })
      throw error
    } finally {
      client.off('error', lost)
      client.release(broken)
    }
  }

  return {
    ...on(pool),
    pool,
    get prisma() {
      if (!prisma) {
        const { PrismaClient: Client } = require('./generated/prisma/client') as typeof import('./generated/prisma/client')
        prisma = new Client({ adapter: new PrismaPg(pool) })
      }
      return prisma
    },
    async tx(work) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await once(work)
        } catch (error) {
          if (attempt === 5 || !AGAIN.has((error as { code?: string }).code ?? '')) throw error
          // Both sides of a deadlock run again; a random pause keeps them from meeting once more.
          await rest(Math.random() * 50 * attempt)
        }
      }
    },
    async close() {
      await prisma?.$disconnect()
      await pool.end()
    },
  }
}

/** Classes of SQLSTATE that say the server is going away, starting, or refusing connections. */
const AWAY = /^(08|57P|53300)/
const UNREACHED = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EPIPE', 'EHOSTUNREACH'])

/** Whether an error means that Postgres cannot be reached now, rather than that a statement is wrong. */
export function isAway(error: unknown): boolean {
  const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string }
  return (
    AWAY.test(code) ||
    UNREACHED.has(code) ||
    /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/.test(message)
  )
}
