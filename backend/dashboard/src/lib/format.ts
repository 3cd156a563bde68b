import * as vocabulary from '../../../base/vocabulary'
import { serverNow } from './clock'

/*
 * The shared words for figures and moments, with a dash where a figure is unknown.
 */

export { counted, named, namedInText, percent, shortId, upper } from '../../../base/vocabulary'

type Figure = number | null | undefined
const known =
  (text: (value: number) => string) =>
  (value: Figure): string =>
    value == null || !Number.isFinite(value) ? '–' : text(value)

export const count = known(vocabulary.count)
export const brief = known(vocabulary.brief)
export const rate = known(vocabulary.rate)
export const duration = known(vocabulary.duration)
export const bytes = known(vocabulary.bytes)

/** A duration in whole seconds: one that changes while it is read. */
export const seconds = known((ms) => (ms < 1000 ? 'under 1 s' : vocabulary.duration(Math.floor(ms / 1000) * 1000)))

/** `3 min ago`, `in 20 s`, `now`. */
export function fromNow(iso: string, now = serverNow()): string {
  const ms = Date.parse(iso) - now
  const distance = Math.abs(ms)
  if (distance < 1000) return 'now'
  const [n, unit] =
    distance < 60_000
      ? [distance / 1000, 's']
      : distance < 3_600_000
        ? [distance / 60_000, 'min']
        : distance < 48 * 3_600_000
          ? [distance / 3_600_000, 'h']
          : [distance / 86_400_000, 'days']
  const text = `${Math.floor(n)} ${unit}`
  return ms < 0 ? `${text} ago` : `in ${text}`
}

/** `2026-11-22 12:03:10 UTC`. */
export const moment = (iso: string): string => {
  const at = new Date(iso)
  return Number.isNaN(at.getTime()) ? iso : `${vocabulary.moment(at)} UTC`
}

/** `12:03:10`, with the day unless it is today. */
export const clockTime = (iso: string): string => {
  const [day = '', time = ''] = vocabulary.moment(new Date(iso)).split(' ')
  return vocabulary.moment(new Date(serverNow())).startsWith(day) ? time : `${day.slice(5)} ${time.slice(0, 5)}`
}

/** Indented JSON; text that is not JSON stays unchanged. */
export function pretty(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value, null, 2) ?? ''
  try {
    return JSON.stringify(JSON.parse(value), null, 2)
  } catch {
    // Not JSON, or cut JSON.
    return value
  }
}
