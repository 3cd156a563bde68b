import type { RequestClass, ScopeOf, Verdict } from '../contract'
import type { RowAsk } from './asks'

/** The permission to send one request now. If it is not sent, tell `settle`. */
export interface Grant {
  readonly id: string
  readonly class: RequestClass
  /** The granted slot, ms since 1970 by the database's clock. */
  readonly at: number
  readonly rows: ReadonlyMap<string, RowAsk>
  /** Row names by API or part. */
  readonly names: ReadonlyMap<string, string>
  /** Host, key or account that it was requested for. */
  readonly scopeOf?: ScopeOf
  /** When another request like it would get a slot. */
  readonly nextAt: Date
  /** Time spent waiting for it, ms. */
  readonly waitedMs: number
  /** The tripped breaker lets this one through to find out whether the API is back. */
  readonly probe: boolean
  /** The last request failed, so `settle` must write a success. */
  readonly failing: boolean
  /** Whether the slot is still valid; check again right before writing to the socket, because the process may have been delayed. */
  inTime(): boolean
}

/** The outcome of a grant. */
export interface Outcome extends Pick<Verdict, 'block' | 'remaining' | 'limits' | 'cost'> {
  /** False: no request was sent; its slot and cost are released. */
  sent: boolean
  /** When the request was sent, by `performance.now()`; the process may have been delayed after the grant. */
  leftAt?: number
  /** For the breaker: the API answered, or it failed (5xx, timeout, no connection). Absent: neither. */
  result?: 'ok' | 'failed'
  /** The API or part whose limit the upstream named when it refused the request. */
  throttled?: string
}
