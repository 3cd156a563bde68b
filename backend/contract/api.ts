import type { ZodType } from 'zod'
import type { Json } from '../base/json'
import type { Log } from '../base/log'
import type { SettingValues } from './settings'
import type { Tokens } from './tokens'

/*
 * How a source describes an API, and how the HTTP client asks it.
 */

/** The two rolling windows of a limit: `requests` is `perMs` long, `day` is `dayMs` long. */
export type Span = 'requests' | 'day'

/** How often an API may be asked. Every figure is a limit for all processes on all hosts together. */
export interface Limit {
  /** What shares one limit: all requests (`ip`), or those to the same host, with the same key or for the same account (`scopeOf`). */
  scope: 'ip' | 'host' | 'key' | 'account'
  /** Least time between two requests, ms. */
  spacingMs?: number
  /** At most `requests` in every rolling `perMs`. */
  requests?: number
  perMs?: number
  /** At most `perDay` in every rolling `dayMs` (default 24 h). */
  perDay?: number
  dayMs?: number
  /**
   * The share of the windows that backfills may use, 0..1; the rest is reserved for `live`. One figure for both windows, or one for
   * each: `{ day: 0.5 }` leaves `requests` to everybody. A backfill whose share of a day is used up is parked until some of it is free.
   */
  backfillShare?: number | Partial<Record<Span, number>>
  /** Requests in flight at once. */
  concurrent?: number
  /** `requests` counts tokens: a request costs what `Verdict.cost` reports. By default every request costs 1. */
  tokens?: boolean
}

/**
 * Where an API is: a setting of the source with its base URL, or a template. While the setting `mock.setting` is true, `mock.url`
 * replaces the base URL, provided that this is still `mock.of`. A template is for hosts that come from data: `https://{host}` is filled
 * with `scopeOf`, which may begin with `http://`; the guard allows that for private hosts only.
 */
export type BaseUrl = { setting: string; mock?: { setting: string; of: string; url: string } } | { template: string }

/** One HTTP API of a source: its address, how to ask it and how to understand its answers. */
export interface Api {
  url: BaseUrl
  /** Its limit, and those of its parts by their full names (`esi.killmail`); a part has a breaker of its own. */
  limit: Limit
  parts?: Record<string, Limit>
  /** Sent with every request, besides User-Agent, Accept and Accept-Encoding. */
  headers?: Record<string, string>
  /** Also sent with every request; while it is missing, no request is sent. Not for hosts that come from data. */
  credential?: Credential
  /** How requests for one of many accounts (`HttpRequest.account`) are authorized. */
  account?: Account
  /** Reads what an answer tells beyond its status, Retry-After and RateLimit headers: throttling, budgets, costs, blocks. */
  understand?(answer: RawAnswer): Verdict
  /** A cheap route that tells whether the API is up; asked before the one request that a tripped breaker lets through. */
  probe?: { path: string; up(body: unknown): boolean }
  /** A cheap path that answers with JSON, for `doctor --live`; by default the path of the probe. */
  livePath?: string
  /** Media types it answers that path with, where that is not JSON. */
  liveTypes?: readonly string[]
  /** The most requests in flight in one process (Bottleneck, behind the gate). */
  inProcess?: number
}

/** A key or token, from a setting of the source that is marked as secret. */
export interface Credential {
  setting: string
  /** The headers that carry it: `{ Authorization: 'Bearer …' }`. Their values appear in no log, trace or error. */
  header(value: string): Record<string, string>
}

/** How a request carries the tokens of its account. */
export interface Account {
  /** One of the source's `credentials`. */
  kind: string
  /** The headers that carry the tokens. Their values appear in no log, trace or error. */
  header(tokens: Tokens, settings: SettingValues): Record<string, string>
  /**
   * Whether the upstream did not accept the tokens (default: status 401). They are then refreshed once and the request is sent again;
   * denied again, the credential needs a person.
   */
  isDenied?(answer: RawAnswer): boolean
}

export interface RawAnswer {
  status: number
  /** Parts of the API's limit that the request counted against. */
  parts?: readonly string[]
  headers: Record<string, string | undefined>
  /** Decoded text; empty for 304, and for a 2xx that was asked for as bytes. */
  text: string
  bytes?: Uint8Array
  range?: ReadRange
}

/** What an answer tells about the limits. Everything is optional. */
export interface Verdict {
  /** Throw this instead of returning the answer. */
  error?: Error
  /** Gates that must wait, by name of an API or a part; the name of an API stands for all its parts. */
  block?: { api: string; until: Date; reason: string }[]
  /**
   * Tokens that are left in a window (default `requests`), according to the upstream. What it counts besides our own requests was used
   * by others who have the same key.
   */
  remaining?: { api: string; tokens: number; span?: Span }[]
  /**
   * Figures of windows according to the upstream. They replace those that the limit states, for all processes from their next request
   * on, unless `LIMITS` states the figure. A window that the limit does not state has no length, and learns none.
   */
  limits?: ({ api: string } & Partial<Record<Span, number>>)[]
  /** The actual cost of the request, by part name. */
  cost?: Record<string, number>
}

/**
 * Labels by which limits count: one for all limits of a request, or one for each, by the name of the API or part, where they count by
 * different things: `{ etsy: 'key 1', 'etsy.shop': 'shop 42' }`. People see them: a label that contains a secret is refused.
 */
export type ScopeOf = string | Readonly<Record<string, string>>

/** Bytes of a file, counted from 0, both ends included. */
export interface ByteRange {
  from: number
  to: number
}

/**
 * The bytes of a file that an answer has. They may be fewer than requested, so read on at `to + 1`, until that is `total`. None where the
 * file ends before them: `to` is then `from - 1`.
 */
export interface ReadRange extends ByteRange {
  /** Size of the file; null where the answer does not tell it. */
  total: number | null
}

export interface HttpRequest<T> {
  /** GET by default. A page may be read twice: a method that changes something upstream must be safe to repeat. */
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path under the API's base URL, starting with a slash. */
  path: string
  /** Sent as JSON. */
  body?: Json
  /** Sent as a form, `application/x-www-form-urlencoded`, in place of `body`. */
  form?: Record<string, string>
  headers?: Record<string, string>
  /** The id of the credential whose tokens it is sent with; the API has an `account`. */
  account?: string
  /** Ignores extra fields, is strict about those in use; a mismatch throws `RetryLater('shape')`. */
  schema: ZodType<T>
  /** Parts of the API's limit that this request also counts against, with the most it can cost. */
  parts?: Record<string, number>
  /** Which host, key or account the limits count by, where their scope is not `ip`. The host of a template is that of the API. */
  scopeOf?: ScopeOf
  /** Read timeout, ms (default 30,000). */
  timeoutMs?: number
  /** Largest answer accepted, bytes (default 64 MiB). */
  maxBytes?: number
  /** Sent as If-None-Match; an unchanged answer comes back with status 304 and `data` undefined. */
  etag?: string
  /** Returns the body of a 2xx as raw bytes; `schema` is not used. */
  binary?: boolean
  /**
   * Returns only these bytes of a file, at most `maxBytes`, uncompressed, in `bytes`; `schema` is not used. A 206 must fit what was
   * asked. Where the upstream ignores the range (200), the file is read to the end of the part, within `timeoutMs`, and only the part is
   * held. A 416 is an answer without bytes if it says that the file ends before the part. Otherwise throws `RetryLater('range')`.
   */
  range?: ByteRange
  /**
   * Media types that a 2xx may have, where it is not JSON: `['text/csv']`. They are sent as `Accept`; `schema` is not used, and the
   * answer is in `text`, or in `bytes` with `binary`. Another type, or none, throws `RetryLater('content_type')`; a web page throws
   * `RetryLater('blocked_page')` unless `text/html` is named.
   */
  types?: readonly string[]
  /**
   * Statuses besides 2xx that are answers and not errors, whatever their body; the body is in `text`, and `data` is undefined. They
   * do not count as failures of the host; a redirect is not followed.
   */
  accept?: readonly number[]
  /** Whether an accepted status is the upstream's own answer; otherwise it counts as an outage (a gateway's page, a missing route). */
  isAnswer?(answer: RawAnswer): boolean
}

export interface HttpAnswer<T> {
  status: number
  /**
   * When the request was sent, by the database's clock: the answer is at least as new. Never later than the real moment, and earlier
   * by at most about one round trip to the database.
   */
  sentAt: Date
  headers: Record<string, string | undefined>
  /** Parsed body; defined for every 2xx that was not asked for as bytes or by other types. */
  data: T | undefined
  /** As UTF-8; a byte order mark at its beginning is left out. */
  text: string
  /** Body of a 2xx that was asked for as bytes. */
  bytes?: Uint8Array
  /** Which bytes of the file these are; defined for every 200, 206 and 416 of a request with `range`. */
  range?: ReadRange
  etag?: string
}

/** Sends requests to one API: waits for its limits, identifies us and turns failures into errors that name what happens next. */
export interface Http {
  /** Base URL in use. What a source keeps about an upstream is kept under it. */
  readonly base: string
  /**
   * @throws {Throttled} when the gate grants no slot within 2 s, or the upstream asks us to wait
   * @throws {RetryLater} for timeouts, 5xx, blocked pages, unreadable or unexpected bodies
   * @throws {Fatal} for a 4xx that a retry cannot fix
   * @throws {Held} with the key `credential/<id>` when a person must connect the account of the request
   */
  request<T>(request: HttpRequest<T>): Promise<HttpAnswer<T>>
}

/** Who a request is for: `live` gets the next slot, `backfill` at most its share. */
export type RequestClass = 'live' | 'backfill'

/** How often one job may ask an API, when less often than the API's limit allows. */
export interface Pace {
  /** One of the source's `apis`. */
  api: string
  /** Least time between two requests of the job to it, ms; the API's limit applies as well. */
  spacingMs: number
}

/** Totals of a task's requests, for its report. */
export interface ApiTraffic {
  requests: number
  /** Times our own limits made a request wait. */
  waits: number
  /** Time spent waiting for a slot, ms. */
  waitMs: number
  /** Answers by which the upstream refused a request: 429, 420 and the like. */
  throttled: number
  /** Size of the answers. */
  bytes: number
}
/** By API. */
export type Traffic = Record<string, ApiTraffic>

/** One step's use of the network. The HTTP client adds to `traffic` and sets `nextAt` and `asked`. */
export interface HttpUse {
  class: RequestClass
  /** Whose requests these are, for charts: the id of a job, or `lookups character`. */
  who?: string
  /** The pace of its job. */
  pace?: Pace & { job: string }
  /** The slot that the gate reserved earlier for this task. */
  slotAt?: Date
  /** When another request like the last one to it would get a slot, by API. */
  nextAt: Record<string, Date>
  /** The API asked last. */
  asked?: string
  signal: AbortSignal
  traffic: Traffic
  log: Log
}
