import { CommanderError } from 'commander'
import { Refused } from '../../backend/base/errors'
import { connectionFault, READ_ONLY, READ_ONLY_TEXT, unreachable } from '../../backend/database/faults'
import { isUnreachable } from '../../backend/database/passing'
import { nameOf } from '../../backend/database/url'

/** How a command ends for a person and for a shell. No message: everything was printed already. */
export interface Ending {
  message?: string
  code: number
}

const CODES: Record<Refused['code'], number> = { input: 2, missing: 2, state: 1, setup: 78 }
/** Undefined table, schema, function or column: a database without our tables, or with tables of another version. */
const OTHER_SCHEMA = new Set(['42P01', '3F000', '42883', '42703', '42704'])

/** Turns any error of a command into one line and an exit code: 2 input, 78 settings and services, 1 the rest. */
export function explain(error: unknown, databaseUrl: string | undefined): Ending {
  if (error instanceof CommanderError) return usage(error)
  const known = error instanceof Refused ? error : databaseFault(error, databaseUrl)
  if (known) return { message: known.message, code: CODES[known.code] }
  const text = error instanceof Error ? error.message || error.name : String(error)
  return { message: `Internal error: ${oneLine(text)} (LOG_LEVEL=debug shows where)`, code: 1 }
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
  const { code = '', message = '' } = ((error as AggregateError).errors?.[0] ?? error) as { code?: string; message?: string }
  if (OTHER_SCHEMA.has(code)) {
    return new Refused('setup', `The database ${nameOf(url)} has no Backhaul tables, or tables of another version: run yarn migrate.`)
  }
  if (code === '42501') return new Refused('setup', `${message} in ${nameOf(url)}: set DATABASE_URL to the role that ran yarn migrate.`)
  if (code === READ_ONLY) return new Refused('setup', READ_ONLY_TEXT, 'DATABASE_URL')
  if (/timeout/i.test(message) && isUnreachable(error)) return unreachable(url, { code: 'ETIMEDOUT', message })
  return connectionFault(url, error) ?? (isUnreachable(error) ? unreachable(url, error) : undefined)
}
