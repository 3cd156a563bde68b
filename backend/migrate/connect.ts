import { Client } from 'pg'
import { Refused } from '../base/errors'
import { type Fault, refusePooler, unreachable } from '../database/faults'
import { isPooled, prepareSession } from '../database/session'
import { databaseOf, nameOf, withDatabase } from '../database/url'

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A migration takes as long as it takes. */
export const FOR_EVER = { statement: 0, lock: 0, idle: 0 }

/**
 * Runs `work` on a connection of its own.
 * @throws {Refused} `setup` when there is no connection to be had
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
    await prepareSession(client, FOR_EVER)
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
 * Creates the database of `url` where it is missing and its role may.
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

/** Equal for the same database of the same server only. */
const IDENTITY = `select concat_ws(' ', d.oid, extract(epoch from pg_postmaster_start_time()), current_setting('port')) as identity
  from pg_database d where d.datname = current_database()`

const identityOf = (url: string): Promise<string | undefined> =>
  withClient(url, async (client) => (await client.query<{ identity: string }>(IDENTITY)).rows[0]?.identity)

/**
 * Locks held in one database and work done in another would guard nothing.
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
    `DIRECT_DATABASE_URL leads to ${nameOf(directDatabaseUrl)}, which is another database than DATABASE_URL's (${nameOf(databaseUrl)}): correct it.`,
    'DIRECT_DATABASE_URL',
  )
}

/**
 * Like `withClient`, for what sets or locks something that lasts as long as its session.
 * @param what it is, for the sentence that refuses a pooler: another client's session would keep the lock
 * @throws {Refused} `setup` also when the URL leads through a pooler
 */
export const withSession = <T>(url: string, what: string, work: (client: Client) => Promise<T>): Promise<T> =>
  withClient(url, async (client) => {
    if (isPooled(client)) throw refusePooler(url, what)
    return await work(client)
  })

/** Creates a database beside that of `url`, gives its URL to `work`, and drops it. */
export async function withScratchDatabase<T>(url: string, work: (scratch: string) => Promise<T>): Promise<T> {
  const name = `backhaul_scratch_${process.pid}_${Date.now()}`
  await withClient(url, (client) => client.query(`create database ${quoted(name)}`))
  try {
    return await work(withDatabase(url, name))
  } finally {
    await withClient(url, (client) => client.query(`drop database ${quoted(name)} with (force)`))
  }
}
