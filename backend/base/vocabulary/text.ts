/*
 * Moments, ids and sentences.
 */

export const shortId = (id: string): string => id.slice(0, 8)

/** With a capital, as a sentence begins. */
export const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** `not_yet_published` → `not yet published`, `http_503` → `HTTP 503`: a name within a sentence. */
export const namedInText = (name: string): string =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .toLowerCase()
    .replace(/\bid\b/, 'ID')
    .replace(/^http\b/, 'HTTP')

/** `fromDate` → `From date`. */
export const named = (name: string): string => upper(namedInText(name))

/** `2026-07-17 09:30:00`, UTC. */
export const moment = (at: Date | null | undefined): string => (at ? at.toISOString().slice(0, 19).replace('T', ' ') : '')

/** `12:03:10 UTC`; with its day where that is not today's. */
export function clock(at: Date, now: Date): string {
  const [day, time] = moment(at).split(' ')
  return day === moment(now).split(' ')[0] ? `${time} UTC` : `${day} ${time} UTC`
}

/** Words as SQL has them: `'queued', 'running'`. */
export const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(', ')
