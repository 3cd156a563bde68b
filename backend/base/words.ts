/*
 * Figures and moments in words, the same in every entry point.
 */

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

/** A duration that is not exact, in whole seconds of two significant digits. */
export function roughly(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000))
  const digit = 10 ** Math.max(0, Math.floor(Math.log10(seconds)) - 1)
  return duration(Math.round(seconds / digit) * digit * 1000)
}

/** With a capital, as a sentence begins. */
export const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** `2026-07-17 09:30:00`, UTC. */
export const moment = (at: Date | null | undefined): string => (at ? at.toISOString().slice(0, 19).replace('T', ' ') : '')

/** `12:03:10 UTC`; with its day where that is not today's. */
export function clock(at: Date, now: Date): string {
  const [day, time] = moment(at).split(' ')
  return day === moment(now).split(' ')[0] ? `${time} UTC` : `${day} ${time} UTC`
}

/** A bigint as JSON has it: a number as long as no digit is lost, else text. */
export const jsonInt = (value: bigint | number): number | string => {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : String(value)
}
