import type { ZodType } from 'zod'
import type { Json } from '../base/json'
import type { Log } from '../base/log'

/*
 * What a source says about an API, and what the HTTP edge does with it.
 */

/** How often an API may be asked. Every figure is kept over all processes on all hosts together. */
export interface Limit {
  /** What the limit counts by: one of it for us all, or one for each host, key or account named in the request. */
  scope: 'ip' | 'host' | 'key' | 'account'
  /** Least time between two requests, ms. */
  spacingMs?: number
  /** At most `requests` in every rolling `perMs`. */
  requests?: number
  perMs?: number
  /** At most `perDay` in every rolling `dayMs` (default 24 h). */
  perDay?: number
  dayMs?: number
  /** The part of the windows a backfill may use, 0..1; the rest is kept for `live`. */
  backfillShare?: number
  /** Requests in flight at once. */
  concurrent?: number
  /** `requests` counts tokens: a request costs what `cost` says, else every request costs 1. */
  tokens?: boolean
}

/**
 * The setting of the source that holds the base URL, whose default is the real one, with the address that takes its place while a
 * setting that is true or false says so, unless another one was set; or a template, for hosts that come from
 * data: `https://{host}` takes what `scopeOf` names, with `http://` before it where data says so, which the guard lets through
 * to private hosts only.
 */
export type BaseUrl = { setting: string; mock?: { setting: string; of: string; url: string } } | { template: string }

/** One HTTP API of a source: where it is, how it is asked and how its answers are understood. */
export interface Api {
  url: BaseUrl
  /** Its limit, and those of its parts by their full names (`esi.killmail`); a part has a breaker of its own. */
  limit: Limit
  parts?: Record<string, Limit>
  /** Sent with every request, besides User-Agent, Accept and Accept-Encoding. */
  headers?: Record<string, string>
  /** Sent with every request too; nothing is asked while it is missing. Not for hosts that come from data. */
  credential?: Credential
  /** What the answer says beyond its status, Retry-After and RateLimit headers: throttles, budgets, costs, blocks. */
  understand?(answer: RawAnswer): Verdict
  /** A cheap route that tells whether the API is up; asked before the one request that a tripped breaker lets through. */
  probe?: { path: string; up(body: unknown): boolean }
  /** A cheap path that answers with JSON, for `doctor --live`; by default the path of the probe. */
  livePath?: string
  /** Asked at most this many at once inside one process (Bottleneck, below the gate). */
  inProcess?: number
}

/** A key or token, from a setting of the source that is marked as secret. */
export interface Credential {
  setting: string
  /** The headers that carry it: `{ Authorization: 'Bearer …' }`. Their values appear in no log, trace or error. */
  header(value: string): Record<string, string>
}

export interface RawAnswer {
  status: number
  /** Parts of the API's limit that the request counted against. */
  parts?: readonly string[]
  headers: Record<string, string | undefined>
  /** Decoded text; empty for 304, and for a 2xx that was asked for as bytes. */
  text: string
  bytes?: Uint8Array
}

/** What an answer says about the limits. Everything is optional. */
export interface Verdict {
  /** Throw this instead of returning the answer. */
  error?: Error
  /** Gates that must wait, by api or part name; the whole API when named by itself. */
  block?: { api: string; until: Date; reason: string }[]
  /** Tokens a part still has according to the upstream. */
  remaining?: { api: string; tokens: number }[]
  /** What the request really cost, by part name. */
  cost?: Record<string, number>
}

export interface HttpRequest<T> {
  /** GET by default. A page may be read twice, so a method that changes something upstream must bear it. */
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path under the API's base URL, starting with a slash. */
  path: string
  /** Sent as JSON. */
  body?: Json
  /** Sent as a form, `application/x-www-form-urlencoded`, in place of `body`. */
  form?: Record<string, string>
  headers?: Record<string, string>
  /** Loose on extra fields, strict on what we use; a mismatch is `RetryLater('shape')`. */
  schema: ZodType<T>
  /** Parts of the API's limit that this request also counts against, with the most it can cost. */
  parts?: Record<string, number>
  /** Which host, key or account the limit counts by, where its scope is not `ip`. */
  scopeOf?: string
  /** Read timeout, ms (default 30,000). */
  timeoutMs?: number
  /** Largest answer accepted, bytes (default 64 MiB). */
  maxBytes?: number
  /** Sent as If-None-Match; an unchanged answer comes back with status 304 and `data` undefined. */
  etag?: string
  /** A 2xx is kept as bytes, just as they came, and `schema` is not asked. */
  binary?: boolean
  /**
   * Media types that a 2xx may have, where it is not JSON: `['text/csv']`. They are sent as `Accept`; `schema` is not asked, and the
   * answer is in `text`, or in `bytes` with `binary`. Another type, or none, is `RetryLater('content_type')`; a web page is
   * `RetryLater('blocked_page')` unless `text/html` is named.
   */
  types?: readonly string[]
  /**
   * Statuses besides 2xx that are an answer and not an error, whatever their body is; their text is in `text`, `data` undefined. They
   * do not count against the host; a redirect is not followed.
   */
  accept?: readonly number[]
  /** Whether an accepted status is the upstream's own word on what was asked; when not, it is an outage (a gateway's page, a route that is gone). */
  isAnswer?(answer: RawAnswer): boolean
}

export interface HttpAnswer<T> {
  status: number
  /**
   * When the request left, by the database's clock: what it answers is at least as new. It is never later than it was, and earlier
   * by about a round trip to the database at most.
   */
  sentAt: Date
  headers: Record<string, string | undefined>
  /** Parsed body; defined for every 2xx that was not asked for as bytes or by other types. */
  data: T | undefined
  /** As UTF-8; a byte order mark at its beginning is left out. */
  text: string
  /** Body of a 2xx that was asked for as bytes. */
  bytes?: Uint8Array
  etag?: string
}

/** Gated, identified and classified requests to one API. */
export interface Http {
  /** Base URL it is asked at; what is kept of one upstream is kept under it. */
  readonly base: string
  /**
   * @throws {Throttled} when the gate grants no moment within 2 s, or the upstream says wait
   * @throws {RetryLater} for timeouts, 5xx, blocked pages, unreadable or unexpected bodies
   * @throws {Fatal} for a 4xx that no retry can mend
   */
  request<T>(request: HttpRequest<T>): Promise<HttpAnswer<T>>
}

/** Who a request is for: `live` gets the next slot, `backfill` at most its share. */
export type RequestClass = 'live' | 'backfill'

/** How often one job may ask an API, where that is less often than the API's limit allows. */
export interface Pace {
  /** One of the source's `apis`. */
  api: string
  /** Least time between two requests of the job to it, ms; the limit of the API holds besides. */
  spacingMs: number
}

/** What a task's requests came to, for its report. */
export interface ApiTraffic {
  requests: number
  /** Times our own limits made a request wait. */
  waits: number
  /** Time spent waiting for the moment of a request, ms. */
  waitMs: number
  /** Answers by which the upstream refused a request: 429, 420 and the like. */
  throttled: number
  /** Of the answers. */
  bytes: number
}
/** By API. */
export type Traffic = Record<string, ApiTraffic>

/** One step's use of the network. The edge adds to `traffic` and keeps `nextAt` and `asked`. */
export interface HttpUse {
  class: RequestClass
  /** The pace of its job. */
  pace?: Pace & { job: string }
  /** Send time the gate booked earlier for this task. */
  slotAt?: Date
  /** When the next request like the last one would be granted. */
  nextAt?: Date
  /** The API asked last. */
  asked?: string
  signal: AbortSignal
  traffic: Traffic
  log: Log
}
