import { Refused } from '../base/errors'
import { nameOf, placeOf, roleOf } from './url'

/** An error of the driver. `code`: SQLSTATE, or Node's code of a network error. */
export interface Fault {
  code?: string
  message: string
}

/** SQLSTATE of a write refused by a hot standby or by default_transaction_read_only. */
export const READ_ONLY = '25006'

/** Node's codes for untrusted certificates. */
const TLS = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)/

/** A name with two addresses that both refuse arrives as one error with several inside. */
const firstOf = (error: unknown): Fault => ((error as AggregateError).errors?.[0] ?? error) as Fault

const refused = (message: string): Refused => new Refused('setup', message, 'DATABASE_URL')

/** An error that says in one sentence why a database cannot be used and what to do. */
export const unreachable = (url: string, error: unknown): Refused =>
  connectionFault(url, error) ?? refused(`PostgreSQL at ${placeOf(url)} cannot be used: ${firstOf(error).message || firstOf(error).code}.`)

/** The same for connection errors only; undefined for others. SQLSTATE codes: appendix A of the PostgreSQL manual. */
export function connectionFault(url: string, error: unknown): Refused | undefined {
  const { code = '', message } = firstOf(error)
  const at = placeOf(url)
  const role = roleOf(url) || 'the user'
  const sentences: Record<string, string> = {
    ECONNREFUSED: `No PostgreSQL answers at ${at}: start it, run ./scripts/setup, or correct DATABASE_URL.`,
    ENOENT: `There is no PostgreSQL socket in ${at}: start PostgreSQL, or correct DATABASE_URL.`,
    EACCES: `This user may not use the socket in ${at}: correct DATABASE_URL or the permissions of the folder.`,
    ENOTFOUND: `The host of ${at} is unknown: correct DATABASE_URL.`,
    ETIMEDOUT: `PostgreSQL at ${at} does not answer: check the host in DATABASE_URL and the network to it.`,
    '28P01': `PostgreSQL at ${at} refuses the password of ${role}: correct DATABASE_URL.`,
    '28000': `PostgreSQL at ${at} does not let ${role} log in (${message}): correct DATABASE_URL or the server's pg_hba.conf.`,
    '3D000': `The database ${nameOf(url)} does not exist: create it, or run yarn migrate as a role that may create databases.`,
    '42501': `PostgreSQL at ${at} denies ${role} access (${message}): grant the right, or correct DATABASE_URL.`,
    '53300': `PostgreSQL at ${at} has no free connection: close some, or raise max_connections.`,
    '57P03': `PostgreSQL at ${at} is starting or stopping: try again in a moment.`,
    '08P01': `The pooler or PostgreSQL at ${at} refuses the connection (${message}): correct DATABASE_URL or the pooler's settings.`,
  }
  const sentence = ofMessage(at, message) ?? sentences[code] ?? (TLS.test(code) ? untrusted(at, message) : undefined)
  return sentence === undefined ? undefined : refused(sentence)
}

const untrusted = (at: string, message: string): string =>
  `The certificate of PostgreSQL at ${at} is not trusted (${message}): set sslrootcert in DATABASE_URL to the file of its authority, or export NODE_EXTRA_CA_CERTS.`

/** Errors that only their text tells apart: from pg_hba.conf, PgBouncer and the driver. */
function ofMessage(at: string, message: string): string | undefined {
  const parameter = /unsupported startup parameter: (\S+)/.exec(message)?.[1]
  if (parameter)
    return `The pooler at ${at} does not accept the startup parameter ${parameter}: remove it from DATABASE_URL, or add it to the pooler's ignore_startup_parameters.`
  if (/^no such database/.test(message))
    return `The pooler at ${at} has no such database: correct DATABASE_URL or the pooler's [databases].`
  if (/statement pooling mode/.test(message)) return `The pooler at ${at} is in statement mode: set its pool_mode to transaction.`
  if (/no encryption|(SSL|TLS)( connection)? required|SSL off/.test(message))
    return `PostgreSQL at ${at} requires TLS (${message}): add sslmode=verify-full to DATABASE_URL.`
  if (/does not support SSL/.test(message)) return `PostgreSQL at ${at} does not support TLS: remove sslmode from DATABASE_URL.`
  if (/client password must be a string/.test(message)) return `PostgreSQL at ${at} requires a password and DATABASE_URL has none: add it.`
  return undefined
}

/** Shown for a write that a read-only database refused. */
export const READ_ONLY_TEXT =
  'The database accepts no writes now: it is a hot standby (point DATABASE_URL at the primary), or default_transaction_read_only is on (reset it for the role, the database or the server).'

/** The error for work that needs a session behind a pooler. @param what needs it */
export const refusePooler = (url: string, what: string): Refused =>
  new Refused(
    'setup',
    `The connection to ${nameOf(url)} goes through a pooler, and ${what} needs a session of its own: set DIRECT_DATABASE_URL to PostgreSQL itself.`,
    'DIRECT_DATABASE_URL',
  )
