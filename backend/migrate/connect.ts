import { Client } from 'pg'
import { Refused } from '../engine/errors'

interface Fault {
  code?: string
  message: string
}

/** The database a URL names, without its password. */
export function nameOf(url: string): string {
  const { hostname, port, pathname } = new URL(url)
  return `${decodeURIComponent(pathname.slice(1)) || 'the default database'} at ${hostname}:${port || 5432}`
}

const withDatabase = (url: string, database: string): string => {
  const other = new URL(url)
  other.pathname = `/${encodeURIComponent(database)}`
  return other.toString()
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** Says in one sentence why a database cannot be used, and what to do. SQLSTATE codes: appendix A of the PostgreSQL manual. */
export function unreachable(url: string, error: Fault): Refused {
  const { hostname, port, username } = new URL(url)
  const host = `${hostname}:${port || 5432}`
  const sentences: Record<string, string> = {
    ECONNREFUSED: `No PostgreSQL answers at ${host}: start it, run ./scripts/setup, or correct DATABASE_URL.`,
    ENOTFOUND: `The host ${hostname} in DATABASE_URL is not known: correct it.`,
    ETIMEDOUT: `PostgreSQL at ${host} does not answer: check the host in DATABASE_URL and the network to it.`,
    '28P01': `PostgreSQL at ${host} refuses the password of ${username || 'the user'}: correct DATABASE_URL.`,
    '28000': `PostgreSQL at ${host} does not let ${username || 'the user'} in (${error.message}): correct DATABASE_URL or its pg_hba.conf.`,
    '3D000': `The database ${nameOf(url)} does not exist: create it, or run yarn migrate as a role that may.`,
    '53300': `PostgreSQL at ${host} has no free connection: stop something or raise max_connections.`,
    '57P03': `PostgreSQL at ${host} is starting or stopping: try again in a moment.`,
  }
  return new Refused('setup', sentences[error.code ?? ''] ?? `PostgreSQL at ${host} cannot be used: ${error.message}.`, 'DATABASE_URL')
}

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
  } catch (error) {
    // Both addresses of a name that refuse arrive as one error of several.
    const fault = error instanceof AggregateError ? (error.errors[0] as Fault) : (error as Fault)
    throw Object.assign(unreachable(url, fault), { sqlState: fault.code })
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
  const database = decodeURIComponent(new URL(url).pathname.slice(1))
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
