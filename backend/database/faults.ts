import { Refused } from '../base/errors'
import { nameOf, placeOf, roleOf } from './url'

/** An error of the driver. `code`: SQLSTATE, or node's name for a fault of the network. */
export interface Fault {
  code?: string
  message: string
}

/** Node's codes for certificates it does not trust. */
const TLS = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)/

/** Both addresses of a name that refuse arrive as one error of several. */
const oneOf = (error: unknown): Fault => ((error as AggregateError).errors?.[0] ?? error) as Fault

const refused = (message: string): Refused => new Refused('setup', message, 'DATABASE_URL')

/** Says in one sentence why a database cannot be used, and what to do. */
export const unreachable = (url: string, error: unknown): Refused =>
  connectionFault(url, error) ?? refused(`PostgreSQL at ${placeOf(url)} cannot be used: ${oneOf(error).message || oneOf(error).code}.`)

/** The same for faults of a connection only, undefined for others. SQLSTATE codes: appendix A of the PostgreSQL manual. */
export function connectionFault(url: string, error: unknown): Refused | undefined {
  const { code = '', message } = oneOf(error)
  const at = placeOf(url)
  const role = roleOf(url) || 'the user'
  const sentences: Record<string, string> = {
    ECONNREFUSED: `No PostgreSQL answers at ${at}: start it, run ./scripts/setup, or correct DATABASE_URL.`,
    ENOENT: `No PostgreSQL has its socket in ${at}: start it, or correct DATABASE_URL.`,
    EACCES: `The socket in ${at} may not be used by this user: correct DATABASE_URL, or the rights of the folder.`,
    ENOTFOUND: `The host of ${at} in DATABASE_URL is not known: correct it.`,
    ETIMEDOUT: `PostgreSQL at ${at} does not answer: check the host in DATABASE_URL and the network to it.`,
    '28P01': `PostgreSQL at ${at} refuses the password of ${role}: correct DATABASE_URL.`,
    '28000': `PostgreSQL at ${at} does not let ${role} in (${message}): correct DATABASE_URL or its pg_hba.conf.`,
    '3D000': `The database ${nameOf(url)} does not exist: create it, or run yarn migrate as a role that may.`,
    '42501': `PostgreSQL at ${at} does not let ${role} use it (${message}): grant it that, or correct DATABASE_URL.`,
    '53300': `PostgreSQL at ${at} has no free connection: stop something or raise max_connections.`,
    '57P03': `PostgreSQL at ${at} is starting or stopping: try again in a moment.`,
    '08P01': `The pooler or PostgreSQL at ${at} refuses the connection (${message}): correct DATABASE_URL or the pooler's settings.`,
  }
  const sentence = ofMessage(at, message) ?? sentences[code] ?? (TLS.test(code) ? untrusted(at, message) : undefined)
  return sentence === undefined ? undefined : refused(sentence)
}

const untrusted = (at: string, message: string): string =>
  `The certificate of PostgreSQL at ${at} is not trusted (${message}): name its authority with sslrootcert in DATABASE_URL, or export NODE_EXTRA_CA_CERTS.`

/** Refusals that only their text tells apart: PostgreSQL's pg_hba.conf, PgBouncer and the driver. */
function ofMessage(at: string, message: string): string | undefined {
  const parameter = /unsupported startup parameter: (\S+)/.exec(message)?.[1]
  if (parameter)
    return `The pooler at ${at} does not take the startup parameter ${parameter}: remove it from DATABASE_URL, or add it to the pooler's ignore_startup_parameters.`
  if (/^no such database/.test(message))
    return `The pooler at ${at} has no such database: correct DATABASE_URL or the pooler's [databases].`
  if (/statement pooling mode/.test(message)) return `The pooler at ${at} is in statement mode: set its pool_mode to transaction.`
  if (/no encryption|(SSL|TLS)( connection)? required|SSL off/.test(message))
    return `PostgreSQL at ${at} wants TLS (${message}): add sslmode=verify-full to DATABASE_URL.`
  if (/does not support SSL/.test(message)) return `PostgreSQL at ${at} has no TLS: remove sslmode from DATABASE_URL.`
  if (/client password must be a string/.test(message)) return `PostgreSQL at ${at} wants a password and DATABASE_URL has none: add it.`
  return undefined
}

/** What is said of a write that a read-only database refused. */
export const READ_ONLY_TEXT =
  'The database takes no writes now: it is a hot standby (point DATABASE_URL at the primary), or default_transaction_read_only is on (reset it for the role, the database or the server).'

/** Why what needs a session cannot use this URL. @param what it is that needs one */
export const refusePooler = (url: string, what: string): Refused =>
  new Refused(
    'setup',
    `The connection to ${nameOf(url)} goes through a pooler, and ${what} needs a session of its own: set DIRECT_DATABASE_URL to PostgreSQL itself.`,
    'DIRECT_DATABASE_URL',
  )
