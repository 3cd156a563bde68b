import { Refused } from '../base/errors'
import { Client } from '../database/driver'
import { type Fault, refusePooler, unreachable } from '../database/faults'
import { isPooled, prepareSession } from '../database/session'
import { databaseOf, nameOf, withDatabase } from '../database/url'

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A migration has no time limit. */
export const NO_LIMITS = { statement: 0, lock: 0, idle: 0 }

/**
 * Runs `work` on a connection of its own.
 * @throws {Refused} `setup` when no connection can be made
 */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    application_name: 'backhaul migrate',
    keepAlive: true,
  })
  // Without a listener a connection lost between two statements would end the process; the next statement reports it.
  client.on('error', () => undefined)
  try {
    await client.connect()
    await prepareSession(client, NO_LIMITS)
  } catch (error) {
    await client.end()
    throw Object.assign(unreachable(url, error), { sqlState: (error as Fault).code })
  }
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/**
 * Creates the database of `url` if it is missing and the role has the right.
 * @returns whether it was created
 * @throws {Refused} `setup`
 */
export async function ensureDatabase(url: string): Promise<boolean> {
  try {
    return await withClient(url, async () => false)
  } catch (error) {
    if ((error as { sqlState?: string }).sqlState !== '3D000') throw error
  }
  const database = databaseOf(url)
  return await withClient(withDatabase(url, 'postgres'), async (client) => {
    try {
      await client.query(`create database ${quoted(database)}`)
      return true
    } catch (error) {
      const { code, message } = error as Fault
      // Another process was faster.
      if (code === '42P04' || code === '23505') return false
      throw new Refused(
        'setup',
        `The database ${nameOf(url)} does not exist and cannot be created (${message}): create it, or correct DATABASE_URL.`,
      )
    }
  })
}

/** Equal only for the same database on the same server. */
const IDENTITY = `select concat_ws(' ', d.oid, extract(epoch from pg_postmaster_start_time()), current_setting('port')) as identity
  from pg_database d where d.datname = current_database()`

const identityOf = (url: string): Promise<string | undefined> =>
  withClient(url, async (client) => (await client.query<{ identity: string }>(IDENTITY)).rows[0]?.identity)

/**
 * Refuses two URLs of different databases: a lock held in one would not protect work done in the other.
 * @throws {Refused} `setup` when DIRECT_DATABASE_URL leads to another database than DATABASE_URL, or either cannot be used
 */
export async function requireSameDatabase({
  databaseUrl,
  directDatabaseUrl,
}: {
  databaseUrl: string
  directDatabaseUrl: string
}): Promise<void> {
  if (databaseUrl === directDatabaseUrl) return
  const [through, direct] = await Promise.all([identityOf(databaseUrl), identityOf(directDatabaseUrl)])
  if (through === direct) return
  throw new Refused(
    'setup',
    `DIRECT_DATABASE_URL leads to ${nameOf(directDatabaseUrl)}, DATABASE_URL to another database (${nameOf(databaseUrl)}): correct it.`,
    'DIRECT_DATABASE_URL',
  )
}

/**
 * Like `withClient`, for work whose settings or locks last as long as its session.
 * @param what the work, for the error that refuses a pooler: another client's session would keep the lock
 * @throws {Refused} `setup` also when the URL leads through a pooler
 */
export const withSession = <T>(url: string, what: string, work: (client: Client) => Promise<T>): Promise<T> =>
  withClient(url, async (client) => {
    if (isPooled(client)) throw refusePooler(url, what)
    return await work(client)
  })

/** Creates a database on the server of `url`, passes its URL to `work`, and drops it. */
export async function withScratchDatabase<T>(url: string, work: (scratch: string) => Promise<T>): Promise<T> {
  const name = `backhaul_scratch_${process.pid}_${Date.now()}`
  await withClient(url, (client) => client.query(`create database ${quoted(name)}`))
  try {
    return await work(withDatabase(url, name))
  } finally {
    await withClient(url, (client) => client.query(`drop database ${quoted(name)} with (force)`))
  }
}
