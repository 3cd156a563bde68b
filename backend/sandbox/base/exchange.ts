/*
 * One request to a mounted API and the reply it gets.
 */

export interface Ask {
  method: string
  /** After the API's prefix, as sent, starting with a slash; without the query. */
  path: string
  /** What follows the question mark, or undefined without one. */
  query: string | undefined
  headers: Record<string, string | undefined>
  body: string
  /** Arrival, ms since 1970, by a clock that never jumps. */
  at: number
  /** It may have arrived so much earlier, ms. */
  lateMs?: number
  /** Whether the client took the answer and lived on: one that was killed over it cannot heed it. Absent: it did. */
  heard?: () => boolean
  ip: string
  /** The host that was asked, as `127.0.0.1:4301`, where an API has several. */
  host?: string
  /** What `match` and `oncePerPath` of a fault read and the arrival log shows, where that is not the path alone. */
  subject?: string
}

export interface Reply {
  status: number
  /** Reason phrase, where it is not the usual one. */
  reason?: string
  headers?: Record<string, string>
  body?: string | Uint8Array
  /** Sent piece by piece as the client takes it, in place of a body. */
  stream?: Iterable<Uint8Array>
  /** The connection is destroyed instead. */
  cut?: boolean
}

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: JSON.stringify(body),
})
export const html = (body: string, status: number): Reply => ({ status, headers: { 'content-type': 'text/html; charset=UTF-8' }, body })
