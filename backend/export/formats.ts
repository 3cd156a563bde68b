import { extname } from 'node:path'
import { Refused } from '../base/errors'
import type { Column } from './columns'
import { csv } from './csv'
import type { Row } from './cursor'
import { json, ndjson } from './json'
import { parquet } from './parquet'

/** Turns batches of rows into pieces of a file, one piece at a time. */
export type Encode = (columns: readonly Column[], batches: AsyncIterable<Row[]>) => AsyncIterable<string | Uint8Array>

export const FORMATS: Record<string, Encode> = { csv, ndjson, json, parquet }

const EXTENSIONS: Record<string, string> = {
  '.csv': 'csv',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.json': 'json',
  '.parquet': 'parquet',
}

/**
 * The named format, or the one of the file's extension, or CSV for stdout.
 * @throws {Refused} `input` for an unknown format or extension
 */
export function formatOf(named: string | undefined, out: string): string {
  const known = Object.keys(FORMATS).join(', ')
  if (named !== undefined) {
    if (Object.hasOwn(FORMATS, named)) return named
    throw new Refused('input', `There is no format ${JSON.stringify(named)}; the formats are ${known}.`, 'format')
  }
  if (out === '-') return 'csv'
  const guessed = EXTENSIONS[extname(out).toLowerCase()]
  if (guessed) return guessed
  throw new Refused('input', `The extension of ${out} is not of a known format; add --format ${known.replaceAll(', ', '|')}.`, 'format')
}
