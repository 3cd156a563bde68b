import { createHmac, randomBytes } from 'node:crypto'

/** 32 bytes, hex. */
export const newSecret = (): string => randomBytes(32).toString('hex')

/**
 * The value of `Backhaul-Signature` for a body: `t=<seconds since 1970>,v1=<hex HMAC-SHA256 of "<t>.<body>">`, keyed with the
 * webhook's secret as text.
 *
 * To verify it, a receiver should read the body as bytes, before any JSON parser; take `t` and `v1` from the header; refuse if `t` is
 * more than five minutes off its clock, which prevents replays; compute the HMAC-SHA256 of `t`, a dot and the body; compare with
 * `v1` in constant time (`crypto.timingSafeEqual`). Then answer 2xx at once and do the work afterwards. The same event may arrive more
 * than once: `Backhaul-Delivery` is the same at every attempt, so answer 2xx to repeats and ignore them.
 * @param at moment of sending, ms since 1970
 */
export function signature(secret: string, body: string, at: number): string {
  const t = Math.floor(at / 1000)
  return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`
}
