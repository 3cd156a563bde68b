import { createHash } from 'node:crypto'

/** So many different wrong tokens from one address within the span, then it has to wait for the span's end. */
const MAX = 10
const SPAN_MS = 60_000
/** Addresses remembered; the oldest are forgotten first. */
const MAX_ADDRESSES = 10_000

export type Failures = ReturnType<typeof failureCounter>

/**
 * Counts wrong tokens by address, in this process; requests that are allowed count nothing. One that comes again is no
 * new guess: a program that was not told of a change must not shut out everybody it shares an address with.
 */
export function failureCounter(now: () => number = Date.now) {
  const failures = new Map<string, { tried: Set<string>; endsAt: number }>()
  return {
    /** How long this address has to wait, s; 0: not at all. */
    waitOf(address: string): number {
      const found = failures.get(networkOf(address))
      if (!found || found.tried.size < MAX || found.endsAt <= now()) return 0
      return Math.ceil((found.endsAt - now()) / 1000)
    },
    failed(address: string, token: string): void {
      const key = networkOf(address)
      const found = failures.get(key)
      const kept = found && found.endsAt > now() ? found : { tried: new Set<string>(), endsAt: now() + SPAN_MS }
      if (kept.tried.size < MAX) kept.tried.add(createHash('sha256').update(token).digest('base64url').slice(0, 12))
      failures.delete(key)
      failures.set(key, kept)
      const [oldest] = failures.keys()
      if (failures.size > MAX_ADDRESSES && oldest !== undefined) failures.delete(oldest)
    },
  }
}

/** An IPv6 host owns at least a /64, so its first half is what counts. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped?.[1]) return mapped[1]
  if (!address.includes(':')) return address
  const [head = '', tail] = address.toLowerCase().split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail ? tail.split(':') : []
  const groups = tail === undefined ? left : [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group || '0', 16).toString(16))
    .join(':')
}
