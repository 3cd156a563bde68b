import type { SchemaElement } from 'hyparquet'
import { Refused } from '../base/errors'
import type { Column, Kind } from './columns'

type Value = boolean | number | bigint | string | Uint8Array
/** How a column is declared in the file, and how its cells become values of that type. */
export interface ParquetColumn {
  element: SchemaElement
  read(text: string): Value
}

const impossible = ({ name }: Column, text: string, why: string): Refused =>
  new Refused('input', `Column ${name} contains ${text}, ${why}; export it as csv, ndjson or json, or leave it out with --columns.`)

/** Microseconds since 1970 of a moment in Postgres' text form, in UTC. */
function microseconds(column: Column, text: string): bigint {
  const [, day, time, fraction = ''] = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?(?:\+00)?$/.exec(text) ?? []
  if (!day) throw impossible(column, text, 'which Parquet cannot store as a timestamp')
  return BigInt(Date.parse(`${day}T${time}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0'))
}

function days(column: Column, text: string): number {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) throw impossible(column, text, 'which Parquet cannot store as a date')
  return Date.parse(`${text}T00:00:00Z`) / 86_400_000
}

/** 18 digits always fit 64 bits; 38 is the most that Parquet readers must support. */
const LONG_DIGITS = 18
const MAX_DIGITS = 38
const bytesFor = (digits: number): number => Math.ceil((Math.log2(10) * digits + 1) / 8)

function decimal(column: Column): ParquetColumn {
  const { name, precision = 0, scale = 0 } = column
  // DECIMAL needs a precision; text is exact without one.
  if (precision === 0 || precision > MAX_DIGITS) return plain(column, 'text')
  const size =
    precision <= LONG_DIGITS ? { type: 'INT64' as const } : { type: 'FIXED_LEN_BYTE_ARRAY' as const, type_length: bytesFor(precision) }
  return {
    element: { name, ...size, converted_type: 'DECIMAL', logical_type: { type: 'DECIMAL', precision, scale }, precision, scale },
    read: (text) => {
      if (!/^-?\d/.test(text)) throw impossible(column, text, 'which Parquet cannot store as a decimal')
      return BigInt(text.replace('.', ''))
    },
  }
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text)
type Plain = [element: Omit<SchemaElement, 'name'>, read: (text: string, column: Column) => Value]
const timestamp = (isAdjustedToUTC: boolean): Omit<SchemaElement, 'name'> => ({
  type: 'INT64',
  // Older readers know only this type, and it means UTC.
  converted_type: isAdjustedToUTC ? 'TIMESTAMP_MICROS' : undefined,
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC, unit: 'MICROS' },
})
const TEXT: Plain = [{ type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } }, (text) => text]

const PLAIN: Partial<Record<Kind, Plain>> = {
  int: [{ type: 'INT32' }, Number],
  bigint: [{ type: 'INT64' }, BigInt],
  float: [{ type: 'FLOAT' }, Number],
  double: [{ type: 'DOUBLE' }, Number],
  boolean: [{ type: 'BOOLEAN' }, (text) => text === 't'],
  timestamptz: [timestamp(true), (text, column) => microseconds(column, text)],
  timestamp: [timestamp(false), (text, column) => microseconds(column, text)],
  date: [{ type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } }, (text, column) => days(column, text)],
  // With its converted type the writer would read numbers as doubles and print them again.
  json: [{ type: 'BYTE_ARRAY', logical_type: { type: 'JSON' } }, bytesOf],
  uuid: [
    { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, logical_type: { type: 'UUID' } },
    (text) => Buffer.from(text.replaceAll('-', ''), 'hex'),
  ],
  bytes: [{ type: 'BYTE_ARRAY' }, (text) => Buffer.from(text.slice(2), 'hex')],
}

function plain(column: Column, kind: Kind): ParquetColumn {
  const [element, read] = PLAIN[kind] ?? TEXT
  return { element: { ...element, name: column.name }, read: (text) => read(text, column) }
}

/** The type of a column in a Parquet file: exact for every kind, text where Parquet has no type for it. */
export function parquetColumn(column: Column): ParquetColumn {
  const { element, read } = column.kind === 'numeric' ? decimal(column) : plain(column, column.kind)
  return { element: { ...element, repetition_type: column.nullable ? 'OPTIONAL' : 'REQUIRED' }, read }
}
