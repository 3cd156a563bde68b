import type { Column, Kind } from './columns'

/** `2024-01-31 12:00:00.5+00` → `2024-01-31T12:00:00.5Z`; years before Christ and `infinity` stay as Postgres writes them. */
const iso = (text: string): string => {
  const [, day, time, zone] = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d+)?)(\+00)?$/.exec(text) ?? []
  return day ? `${day}T${time}${zone ? 'Z' : ''}` : text
}

const READABLE: Partial<Record<Kind, (text: string) => string>> = {
  boolean: (text) => (text === 't' ? 'true' : 'false'),
  timestamptz: iso,
  timestamp: iso,
}

/** A cell as text for CSV. */
export const readable = ({ kind }: Column, text: string): string => READABLE[kind]?.(text) ?? text

const NUMBERS = new Set<Kind>(['int', 'bigint', 'float', 'double', 'numeric'])

/**
 * A cell as JSON. Numbers keep every digit Postgres has, so a bigint above 2^53 is a number that JavaScript's JSON.parse
 * rounds; `NaN` and `Infinity`, which JSON does not have, are strings.
 */
export function toJsonCell({ kind }: Column, text: string): string {
  if (NUMBERS.has(kind) && /^-?\d/.test(text)) return text
  if (kind === 'boolean') return text === 't' ? 'true' : 'false'
  // A line break in JSON is only ever space between values; in NDJSON it would end the line.
  if (kind === 'json') return text.replace(/[\r\n]+/g, ' ')
  return JSON.stringify(READABLE[kind]?.(text) ?? text)
}
