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
  ip: string
}

export interface Answer {
  status: number
  /** Reason phrase, where it is not the usual one. */
  reason?: string
  headers?: Record<string, string>
  body?: string
}

export interface SandboxApi {
  name: string
  /** Where it is mounted, and the variable that points the product there. */
  prefix: string
  env: string
  /** What the product has to be told to keep to the scaled limits, by name in `LIMITS`. */
  limits: Record<string, LimitOverride>
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
