import type { LimitOverride } from '../config'
import type { Desk } from './desk'

/*
 * What a source brings to the sandbox. The server does the rest: arrival log, violations, faults, gzip, control routes.
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
  /** What `match` and `oncePerPath` of a fault look at and the arrival log shows, where that is not the path alone. */
  subject?: string
}

export interface Answer {
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

export interface SandboxApi {
  name: string
  /** Where it is mounted, and the variable that points the product there. */
  prefix: string
  /** Absent where the product learns the address from other answers. */
  env?: string
  /** What the product has to be told to keep to the scaled limits, by name in `LIMITS`. */
  limits: Record<string, LimitOverride>
  /** The host's own address, once it listens. */
  readonly host?: string
  /** Said of every arrival as its `subject`. */
  subject?(ask: Ask): string
  /** A short name of the route for the arrival log. */
  route(ask: Ask): string
  /** Judges the arrival before anything else happens to it: notes violations, and refuses where the upstream would. */
  police(ask: Ask): Answer | undefined
  answer(ask: Ask): Answer | Promise<Answer>
  /** Forgets counters and caches. */
  reset(): void
}

export interface SandboxSource {
  name: string
  apis: SandboxApi[]
  /** APIs that get a port of their own each. */
  hosts?: SandboxApi[]
  /** Told where the hosts listen, as `127.0.0.1:4301` in their order, before anybody is answered. */
  located?(addresses: string[]): void
  /** Its own faults, each with a sentence. */
  faults: Record<string, string>
  /** Further control routes, as `METHOD /path` under `/_sandbox`. */
  control: Record<string, (input: Record<string, unknown>) => unknown>
  reset(): void
}

export interface SandboxSettings {
  seed: number
  /** Divides every period of the limits: 20 makes ten seconds half a second. */
  speed: number
  /** No limits and no violations of them. */
  open: boolean
  desk: Desk
}

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: JSON.stringify(body),
})
export const html = (body: string, status: number): Answer => ({ status, headers: { 'content-type': 'text/html; charset=UTF-8' }, body })
