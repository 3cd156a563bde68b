import type { LogLine } from '../api/types'

/** Lines shown at once; the oldest go. */
const MAX_SHOWN = 2_000

/** Both, by their numbers, each once. */
export function merged(shown: readonly LogLine[], more: readonly LogLine[]): LogLine[] {
  const byNumber = new Map([...shown, ...more].map((line) => [line.n, line]))
  return [...byNumber.values()].sort((a, b) => a.n - b.n).slice(-MAX_SHOWN)
}

/** `page=3 kind=http_502`, without what the page says anyway. */
export const fieldsText = (fields: unknown): string =>
  Object.entries((fields ?? {}) as Record<string, unknown>)
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(' ')
