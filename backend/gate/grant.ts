import type { RequestClass, Verdict } from '../contract'
import type { RowAsk } from './asks'

/** A request's moment: it may be sent now. Where it cannot be sent, `settle` must know. */
export interface Grant {
  readonly id: string
  readonly class: RequestClass
  /** The granted moment, ms since 1970 by the database's clock. */
  readonly at: number
  readonly rows: ReadonlyMap<string, RowAsk>
  /** Row names by API or part. */
  readonly names: ReadonlyMap<string, string>
  /** Host, key or account it was asked for. */
  readonly scopeOf?: string
  /** When the next request like it would be granted. */
  readonly nextAt: Date
  /** Time spent waiting for it, ms. */
  readonly waitedMs: number
  /** The tripped breaker lets this one through to find out whether the API is back. */
  readonly probe: boolean
  /** The API failed last time, so `settle` must write a success. */
  readonly failing: boolean
  /** Whether its moment lasts; to be asked again right before the socket, for a process may have been held up since. */
  inTime(): boolean
}

/** What became of a grant. */
export interface Outcome extends Pick<Verdict, 'block' | 'remaining' | 'cost'> {
  /** False: no request left; its moment and cost are released. */
  sent: boolean
  /** When the request left, by `performance.now()`; the process may have been held up after the gate was asked. */
  leftAt?: number
  /** For the breaker: the API answered, or it failed (5xx, timeout, no connection). Absent: neither. */
  result?: 'ok' | 'failed'
  /** The API or part in whose name the upstream refused the request. */
  throttled?: string
}
