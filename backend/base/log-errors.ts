import { messageOf } from './errors'
import type { Log } from './log'

/** How long a line that comes again is left out, ms. */
export const QUIET_MS = 60_000

/** After this long the number of those left out is of no interest any more, ms. */
const FORGOTTEN_MS = 60 * QUIET_MS

const known = new WeakMap<Log, Log>()

/**
 * The same log without its repeated warnings and errors: a line is written at once, again after a minute at the earliest, and then
 * with the number of those left out (`repeated`). Lines that differ only in their numbers are the same. All callers of one log
 * share this.
 */
export function withoutRepeats(log: Log): Log {
  const made = known.get(log) ?? quieten(log)
  known.set(log, made)
  return made
}

function quieten(log: Log): Log {
  const lines = new Map<string, { at: number; leftOut: number }>()
  const say = (level: 'warn' | 'error') => (message: string, fields?: Record<string, unknown>) => {
    const now = performance.now()
    const line = `${level} ${message} ${JSON.stringify(fields, (_, value) => (typeof value === 'bigint' ? `${value}` : value))}`.replace(
      /\d+(\.\d+)?/g,
      '#',
    )
    const last = lines.get(line)
    if (last && now - last.at < QUIET_MS) {
      last.leftOut++
      return
    }
    for (const [other, { at, leftOut }] of lines) if (now - at >= (leftOut === 0 ? QUIET_MS : FORGOTTEN_MS)) lines.delete(other)
    lines.set(line, { at: now, leftOut: 0 })
    log[level](message, last?.leftOut ? { ...fields, repeated: last.leftOut } : fields)
  }
  return { debug: log.debug.bind(log), info: log.info.bind(log), warn: say('warn'), error: say('error') }
}

/** Logs where an error came from, for `LOG_LEVEL=debug`. */
export const logStack = (log: Log, error: unknown): void => log.debug('stack trace', { stack: (error as Error).stack })

/** Logs that something cannot be reached now, which passes by itself. @param what a clause that says what happens meanwhile */
export const logUnreachable = (log: Log, what: string, error: unknown): void => withoutRepeats(log).warn(`${what}: ${messageOf(error)}`)

/** Logs an error that nothing expects. */
export function logUnexpected(log: Log, what: string, error: unknown): void {
  withoutRepeats(log).error(`${what}: ${messageOf(error)}`)
  logStack(log, error)
}
