import { READ_ONLY } from './faults'

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
