import { serverNow } from './clock'

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 })
const one = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 })

/** `12,034`; a dash where the figure is unknown. */
export const count = (value: number | null | undefined): string => (value == null ? '–' : whole.format(value))

/** `12,034`, from a million on `1.2M`. */
export const brief = (value: number | null | undefined): string => (value == null ? '–' : (value < 1e6 ? whole : compact).format(value))

/** `1.5 / s`, or per minute below one a second. */
export function rate(perSecond: number | null): string {
  if (perSecond === null) return '–'
  return perSecond >= 1 || perSecond === 0
    ? `${perSecond < 10 ? one.format(perSecond) : whole.format(perSecond)} / s`
    : `${one.format(perSecond * 60)} / min`
}

/** `1 task`, `3 tasks`. */
export const plural = (n: number, word: string, many = `${word}s`): string => `${count(n)} ${n === 1 ? word : many}`

/** The two largest units: `1 h 20 min`, `45 s`, `120 ms`. */
export function duration(ms: number | null | undefined): string {
  if (ms == null || !Number.isFinite(ms)) return '–'
  if (ms < 1000) return `${Math.round(ms)} ms`
  const s = Math.round(ms / 1000)
  const pairs: [number, string][] = [
    [Math.floor(s / 86_400), 'd'],
    [Math.floor(s / 3600) % 24, 'h'],
    [Math.floor(s / 60) % 60, 'min'],
    [s % 60, 's'],
  ]
  const first = pairs.findIndex(([n]) => n > 0)
  return pairs
    .slice(first, first + 2)
    .filter(([n]) => n > 0)
    .map(([n, unit]) => `${n} ${unit}`)
    .join(' ')
}

/** `3 min ago`, `in 20 s`, `now`. */
export function fromNow(iso: string, now = serverNow()): string {
  const ms = Date.parse(iso) - now
  const away = Math.abs(ms)
  if (away < 1000) return 'now'
  const [n, unit] =
    away < 60_000
      ? [away / 1000, 's']
      : away < 3_600_000
        ? [away / 60_000, 'min']
        : away < 48 * 3_600_000
          ? [away / 3_600_000, 'h']
          : [away / 86_400_000, 'days']
  const text = `${Math.floor(n)} ${unit}`
  return ms < 0 ? `${text} ago` : `in ${text}`
}

/** `2026-11-22 12:03:10 UTC`. */
export const moment = (iso: string): string => {
  const at = new Date(iso)
  return Number.isNaN(at.getTime()) ? iso : `${at.toISOString().slice(0, 10)} ${at.toISOString().slice(11, 19)} UTC`
}

/** `12:03:10`, with the day where it is not today's. */
export const clockTime = (iso: string): string => {
  const text = new Date(iso).toISOString()
  const today = new Date(serverNow()).toISOString().slice(0, 10)
  return text.startsWith(today) ? text.slice(11, 19) : `${text.slice(5, 10)} ${text.slice(11, 16)}`
}

const SIZES = ['B', 'kB', 'MB', 'GB', 'TB']

/** `640 B`, `1.2 MB`. */
export function bytes(n: number | null | undefined): string {
  if (n == null) return '–'
  const power = Math.max(0, Math.min(4, Math.floor(Math.log10(n) / 3)))
  return `${one.format(n / 1000 ** power)} ${SIZES[power]}`
}

/** `38 %`, never 100 % before the end. */
export const percent = (fraction: number): string => `${fraction >= 1 ? 100 : Math.min(99, Math.floor(fraction * 100))} %`

export const shortId = (id: string): string => id.slice(0, 8)

/** JSON as a person reads it; text that is no JSON stays as it is. */
export function pretty(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value, null, 2) ?? ''
  try {
    return JSON.stringify(JSON.parse(value), null, 2)
  } catch {
    // Not JSON, or the beginning of some.
    return value
  }
}

/** `fromDate` → `From date`. */
export const words = (name: string): string => {
  const text = name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .toLowerCase()
    .replace(/\bid\b/, 'ID')
  return upper(text)
}

/** A sentence's first letter as at its start. */
export const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
