import { createHash } from 'node:crypto'

/** Different wrong tokens from one address within the span, after which it must wait for the end of the span. */
const MAX_TOKENS = 10
const SPAN_MS = 60_000
/** Addresses remembered; the oldest are forgotten first. */
const MAX_ADDRESSES = 10_000

export type Failures = ReturnType<typeof failureCounter>

/**
 * Counts wrong tokens by address, in this process; allowed requests do not count. The same wrong token counts once: a program that
 * still sends an old token must not lock out everyone at its address.
 */
export function failureCounter(now: () => number = Date.now) {
  const failures = new Map<string, { tried: Set<string>; endsAt: number }>()
  return {
    /** How long this address must wait, s; 0 for not at all. */
    waitOf(address: string): number {
      const found = failures.get(networkOf(address))
      if (!found || found.tried.size < MAX_TOKENS || found.endsAt <= now()) return 0
      return Math.ceil((found.endsAt - now()) / 1000)
    },
    failed(address: string, token: string): void {
      const key = networkOf(address)
      const found = failures.get(key)
      const kept = found && found.endsAt > now() ? found : { tried: new Set<string>(), endsAt: now() + SPAN_MS }
      if (kept.tried.size < MAX_TOKENS) kept.tried.add(createHash('sha256').update(token).digest('base64url').slice(0, 12))
      failures.delete(key)
      failures.set(key, kept)
      const [oldest] = failures.keys()
      if (failures.size > MAX_ADDRESSES && oldest !== undefined) failures.delete(oldest)
    },
  }
}

/** The address to count under: an IPv6 host owns at least a /64, so only the first half counts. */
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
