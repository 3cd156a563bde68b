import { CommanderError } from 'commander'
import { unreachable } from '../../backend/database-faults'
import { nameOf } from '../../backend/database-url'
import { isAway } from '../../backend/db'
import { Refused } from '../../backend/engine/errors'

/** How a command ends for a person and for a shell. No message: everything has been said. */
export interface Ending {
  message?: string
  code: number
}

const CODES: Record<Refused['code'], number> = { input: 2, missing: 2, state: 1, setup: 78 }
/** SQLSTATE of a connection that was refused: appendix A of the PostgreSQL manual. */
const REFUSED = /^(28|3D000|53300|57P)/
/** Undefined table, schema, function, column: a database without our tables, or with those of another version. */
const OTHER_SCHEMA = new Set(['42P01', '3F000', '42883', '42703', '42704'])

/** Turns whatever ended a command into one line and an exit code: 2 input, 78 settings and services, 1 the rest. */
export function explain(error: unknown, databaseUrl: string | undefined): Ending {
  if (error instanceof CommanderError) return usage(error)
  const known = error instanceof Refused ? error : databaseFault(error, databaseUrl)
  if (known) return { message: known.message, code: CODES[known.code] }
  const text = error instanceof Error ? error.message || error.name : String(error)
  return { message: `Unexpected: ${oneLine(text)} (LOG_LEVEL=debug shows where)`, code: 1 }
}

export const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ').trim()

function usage(error: CommanderError): Ending {
  if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') return { code: 0 }
  if (error.code === 'commander.help') return { code: 2 }
  return { message: oneLine(error.message).replace(/^error: /, ''), code: 2 }
}

/** The sentence for a fault of the connection to Postgres or of its schema; undefined for anything else. */
export function databaseFault(error: unknown, url: string | undefined): Refused | undefined {
  if (typeof error !== 'object' || error === null || url === undefined) return undefined
  // Both addresses of a name that refuse arrive as one error of several.
  const fault = ((error as AggregateError).errors?.[0] ?? error) as Error & { code?: string }
  const code = fault.code ?? ''
  if (OTHER_SCHEMA.has(code)) {
    return new Refused('setup', `The database ${nameOf(url)} has no Backhaul tables, or those of another version: run yarn migrate.`)
  }
  if (code === '42501')
    return new Refused('setup', `${fault.message} in ${nameOf(url)}: use the role that ran yarn migrate in DATABASE_URL.`)
  if (/timeout/i.test(fault.message ?? '') && isAway(fault)) return unreachable(url, { code: 'ETIMEDOUT', message: fault.message })
  return REFUSED.test(code) || isAway(fault) ? unreachable(url, fault) : undefined
}
