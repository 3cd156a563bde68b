import type { TableConstructorOptions } from 'cli-table3'
import { count } from '../../backend/base/vocabulary'

export { bytes, count, counted, duration, moment, percent, rate, shortId } from '../../backend/base/vocabulary'

/** Cut to `width` with an ellipsis. */
export const cut = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`)

const json = (_: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)

/** One JSON document; bigints as text. */
export const toJson = (value: unknown): string => JSON.stringify(value, json, 2)

/** Lines of a table without borders; numbers are right-aligned. */
export function table(head: string[], rows: (string | number)[][]): string {
  // Loaded here because most commands print no table.
  const Table = require('cli-table3') as new (options: TableConstructorOptions) => { push(...rows: string[][]): void; toString(): string }
  const isNumber = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'))
  const frame = ['top', 'bottom', 'left', 'right'].flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
  const none = Object.fromEntries([...frame, 'mid', 'mid-mid', 'left-mid', 'right-mid'].map((part) => [part, '']))
  const made = new Table({
    head,
    chars: { ...none, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: isNumber.map((yes) => (yes ? 'right' : 'left')),
  })
  made.push(...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? count(cell) : cell))))
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .join('\n')
}
