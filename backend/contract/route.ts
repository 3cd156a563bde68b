import type { ZodType } from 'zod'
import type { Json } from '../base/json'
import type { Reader, Tx } from '../base/sql'
import type { Http, Traffic } from './api'
import type { SourceWork } from './check'
import type { CredentialInfo } from './credentials'
import type { GridWindow, Partitions } from './grid'
import type { Refusals } from './problem'
import type { Settings, SettingValues } from './settings'
import type { Tokens } from './tokens'

/*
 * HTTP routes of a source, besides the API that is the same for all sources. A route is data and one function; the API parses,
 * authorizes, documents and answers. Every answer, refusals too, has the header X-Request-ID: the client's own where it is a short
 * token, else a new UUID.
 */

export interface Route<Params = unknown, Query = unknown, Body = unknown, Headers = unknown> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** In fastify's syntax: `/admin/backfill/:id/cancel`; routes that share a path must use the same names in it. */
  path: string
  /** Who may call it while ADMIN_TOKEN is set: anybody, bearers of any token, or bearers of ADMIN_TOKEN. */
  access: 'open' | 'read' | 'admin'
  /** Unique among all routes, for the OpenAPI document. */
  operation: string
  about: string
  params?: ZodType<Params>
  query?: ZodType<Query>
  /** Headers it reads; their names are in lower case. */
  headers?: ZodType<Headers>
  /** A request without a body is parsed as `null`. */
  body?: ZodType<Body>
  /**
   * Its answers besides refusals, as plain JSON (no Date, no transform), or as text where a media type is named: `text/html`. Any other
   * status or body is an internal error.
   */
  answers: { status: number; body: ZodType; type?: string }[]
  /** Body of its refusals; a problem document by default. */
  refusals?: Refusals
  /** @throws {Refused} for a mistake in the request */
  answer(ask: { params: Params; query: Query; body: Body; headers: Headers }, context: RouteContext): Promise<RouteAnswer>
}

export interface RouteAnswer {
  status: number
  body?: unknown
  headers?: Record<string, string>
}

/** Tasks by state. */
export type RouteTasks = Record<'waiting' | 'ready' | 'done' | 'skipped' | 'failed' | 'cancelled', number>

/** A job as routes show it: its status, and counts of its records and tasks. */
export interface RouteJob {
  id: string
  status: string
  params: unknown
  error: string | null
  createdAt: Date
  startedAt: Date | null
  completedAt: Date | null
  /** Records that were read, and those of them that were rejected. */
  seen: number
  rejected: number
  /** By stream, for every stream with tasks; from its report once it has ended. */
  tasks: Record<string, RouteTasks>
  /** Failed tasks by kind of error. */
  failures: Record<string, number>
  /** Skipped tasks by kind; those without a kind are left out. */
  skips: Record<string, number>
  /** Whether it is certain that everything requested was read, from its report; null until there is one. */
  verified: boolean | null
  /** Its tasks were deleted after RETENTION_DAYS: its counts are from the report, and its partitions are gone. */
  cleared: boolean
}

/** How a job is started, besides its params. */
export interface RouteStart {
  /** `backfill` by default. */
  priority?: PriorityName
  /** Starts a job even if another one with the same active key is active. */
  force?: boolean
  /** Repeating a request with the same key starts no second job. */
  idempotencyKey?: string
}

/** `live` runs before `asked`, `asked` before `backfill`. */
export type PriorityName = 'live' | 'asked' | 'backfill'

/** Chooses tasks of a job: those that match every given field. Row and column are their cell in the grid. */
export interface TaskChoice {
  /** One task, by its id. */
  task?: number | string
  /** Tasks that failed, or are tried again, for one cause: the id of a group of failures. */
  group?: string
  stream?: string
  lane?: string
  row?: string
  column?: string
}

/** Which tasks a retry tries. */
export interface RetryChoice extends TaskChoice {
  /** Besides those that failed, what is missing: see `Missing`. Partitions without a task are included unless tasks are chosen. */
  missing?: boolean
}

/** What a job would cost at the limits in force. */
export interface JobEstimate {
  /** First tasks; further ones are found while it runs. */
  tasks: number
  /** By API or part; `requests` is null where it is not known before the work starts. `limit` is a text for people. */
  requests: { api: string; requests: number | null; leastMs: number | null; limit: string }[]
  /** Least time it takes, ms; null where it is not known. */
  leastMs: number | null
  notes: string[]
  activeKey: string
  /** The id of an active job with the same active key. */
  activeJob: string | null
}

/** Totals of a job's pages so far, and its progress. */
export interface RouteFigures {
  pages: number
  seen: number
  new: number
  updated: number
  unchanged: number
  known: number
  rejected: number
  deleted: number
  /** How many records the upstream reports in all; null unless it does so for every task. */
  expected: number | null
  /** Progress, 0..1; null where it is not known. */
  fraction: number | null
  /** Records per second over the last 20 s; null the first time this process is asked. */
  rate: number | null
  /** Time left, ms. */
  leftMs: number | null
  requests: Traffic
  /** By the names of `Source.counters`; counters at 0 are left out. */
  counters: Record<string, number>
  /** Tasks that workers hold now, by stream; the 50 that are held longest are counted. */
  held: Record<string, number>
  /** Progress by lane and stage, for jobs whose pages foresee totals; 100 at most, those that have not ended first. */
  stages: RouteStage[]
}

/** Progress of one lane and stage of a job. */
export interface RouteStage {
  lane: string
  stage: number
  label: string
  /** `Orders of etsy… 450/1,200`. */
  sentence: string
  seen: number
  /** How many records it will see in all; null where that is not known. */
  expected: number | null
  /** There are `expected` or more. */
  atLeast: boolean
  /** Progress, 0..1; null where it is not known. */
  fraction: number | null
  /** By state; the `ready` ones include those that are `held` by a worker. */
  tasks: RouteTasks & { total: number; held: number }
}

/** A limit of one of the source's APIs, for all processes together. */
export interface RouteGate {
  /** Of the API or its part, with the host or key it counts by: `esi.killmail`, `pds:example.com`. */
  name: string
  used: { span: 'requests' | 'day'; used: number; of: number; windowMs: number }[]
  inFlight: number
  concurrent: number | null
  /** When a limit with spacing grants the next request, ISO 8601; null: now. */
  nextAt: string | null
  blockedUntil: string | null
  granted: number
  /** Requests that this limit delayed. */
  waits: number
  /** Answers by which the upstream refused a request. */
  throttled: number
}

/** The accounts of a source: their tokens are saved, never read. Ids of other sources are unknown. */
export interface RouteCredentials {
  /**
   * Stores the tokens of an account that a person connected, in the transaction of `act`, and lets everything go on that waited for it.
   * They replace those before, also while those are being refreshed.
   * @throws {Refused} `setup` without TOKEN_KEY
   */
  save(tx: Tx, credential: { id: string; kind: string; tokens: Tokens }): Promise<void>
  /** Those of these ids that are stored, in their order. */
  state(ids: readonly string[]): Promise<CredentialInfo[]>
  /** Requires a person to connect the account again before its next request. @param reason without secrets @returns whether it was ready */
  hold(tx: Tx, id: string, reason: string): Promise<boolean>
  /** Deletes the tokens; work that needs them is held. @returns whether there were any */
  remove(tx: Tx, id: string): Promise<boolean>
  /**
   * Seals a secret of a row of the source that lives for some minutes: rotating TOKEN_KEY does not seal it again.
   * @param context what it belongs to; the same opens it
   * @throws {Refused} `setup` without TOKEN_KEY
   */
  seal(text: string, context: string): string
  /** @returns undefined for a text that was changed, that belongs to something else, or whose key TOKEN_KEY lacks */
  open(sealed: string, context: string): string | undefined
}

/** What a route may use: the source's jobs and tables, on behalf of the caller. */
export interface RouteContext<S extends Settings = Settings> {
  readonly db: Reader
  /** Who asks: `admin`, `reader`, or `local` where no token is set. */
  readonly who: string
  /** Of the request, as the header X-Request-ID of its answer. */
  readonly requestId: string
  /** The settings of the source, by name. */
  readonly settings: SettingValues<S>
  /** What waits of the source, as its checks are told. */
  readonly work: SourceWork
  /**
   * Does something in one transaction and records who did it.
   * @param verb such as `lexicon.upload`
   * @param target what it is done to; `null`: the job that it starts
   * @param detail what was requested, without secrets
   * @param work database only; runs again after a deadlock
   */
  act<T>(verb: string, target: string | null, detail: Json, work: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * Starts a job of the source in the transaction of `act`; workers are woken after its commit.
   * @throws {Refused} `input` naming the field, `setup`, or `state` for a key that was used for another request
   */
  start(tx: Tx, params: unknown, options?: RouteStart): Promise<{ id: string; status: string; created: boolean; added: string[] }>
  /**
   * Lets everything go on that a read has held with this key (`Held`), in the transaction of `act`; workers are woken after its commit.
   * @returns how many tasks and lookups that are
   */
  release(tx: Tx, key: string): Promise<number>
  /** The accounts of the source. */
  readonly credentials: RouteCredentials
  /**
   * The client of an API named in the source's `apis`. A person waits for its requests: they are `live`, and a limit that makes one wait
   * for longer than some seconds throws `Throttled`.
   */
  http(api: string): Http
  /** What such a job would cost; nothing is started. @throws {Refused} `input` naming the field */
  estimate(params: unknown, priority?: PriorityName): Promise<JobEstimate>
  /**
   * @param only the failed tasks that a retry tries, all by default; the others stay failed
   * @throws {Refused} `missing`, `input` for an invalid id, or `state` with the job's status where the action does not apply
   */
  steer(verb: 'pause' | 'resume' | 'cancel' | 'retry', id: string, only?: RetryChoice): Promise<void>
  /** The current state of the limits of the source's APIs. */
  gates(): Promise<RouteGate[]>
  /** Tasks with these keys that are open in a running job of the source: key → id of that job. */
  inFlight(stream: string, keys: readonly string[]): Promise<Map<string, string>>
  /** Jobs of the source, newest first. @param ask `cursor`: the `next` of the page before; 200 jobs at most @throws {Refused} `input` */
  jobs(ask: { limit: number; cursor?: string }): Promise<{ items: RouteJob[]; next: string | null }>
  /** @throws {Refused} `missing`, or `input` for an invalid id */
  job(id: string): Promise<RouteJob>
  /** @throws {Refused} `missing`, or `input` for an invalid id */
  figures(id: string): Promise<RouteFigures>
  /**
   * Empty where the source's streams make no grid. The counts of a large grid may be some seconds old while its job runs.
   * @param part a window; `all`: every cell without a limit, and all counts as of now
   * @throws {Refused} `missing`, or `input` for an invalid id or window
   */
  partitions(id: string, part?: GridWindow | 'all'): Promise<Partitions>
}

/** Checks that a route's parts fit together; the source does not keep their types. */
export const defineRoute = <P = unknown, Q = unknown, B = unknown, H = unknown>(route: Route<P, Q, B, H>): Route => route as Route
