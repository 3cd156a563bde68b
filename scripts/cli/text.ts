import type { TableConstructorOptions } from 'cli-table3'

/** 1,234,567 */
export const count = (value: number): string => Math.round(value).toLocaleString('en-US')

/** `1 task`, `3 tasks`. */
export const counted = (value: number, word: string): string => `${count(value)} ${word}${value === 1 ? '' : 's'}`

export const shortId = (id: string): string => id.slice(0, 8)

const UNITS: [seconds: number, name: string][] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
]

/** The two largest units: `850 ms`, `8 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  const seconds = Math.round(ms / 1000)
  const first = UNITS.findIndex(([size]) => seconds >= size)
  const [size, name] = UNITS[first] as (typeof UNITS)[number]
  const text = `${Math.floor(seconds / size)} ${name}`
  const [nextSize, nextName] = UNITS[first + 1] ?? [0, '']
  const rest = nextSize ? Math.floor((seconds % size) / nextSize) : 0
  return rest > 0 ? `${text} ${rest} ${nextName}` : text
}

/** `2026-07-17 09:30:00`, UTC. */
export const moment = (at: Date | null | undefined): string => (at ? at.toISOString().slice(0, 19).replace('T', ' ') : '')

/** Cut to `width` with an ellipsis. */
export const cut = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`)

const json = (_: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)

/** One JSON document; bigints as text. */
export const toJson = (value: unknown): string => JSON.stringify(value, json, 2)

/** Lines of a table without a frame; numbers stand on the right. */
export function table(head: string[], rows: (string | number)[][]): string {
  // Only tables need it, and most commands print none.
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
