import type { ZodType } from 'zod'
import type { Json } from '../base/json'
import type { Reader, Tx } from '../base/sql'
import type { TaskState } from '../base/vocabulary'
import type { Traffic } from './api'
import type { Refusals } from './problem'
import type { Settings, SettingValues } from './settings'

/*
 * HTTP routes that a source brings along: what its users know it by, beside the API that serves all sources alike. A route is
 * data and one function; the API parses, guards, documents and answers. Every answer, refusals too, has the header X-Request-ID: the
 * client's own where it is a short token, else a new UUID.
 */

export interface Route<Params = unknown, Query = unknown, Body = unknown, Headers = unknown> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** As fastify writes it: `/admin/backfill/:id/cancel`; routes that share a path name its parts alike. */
  path: string
  /** Who may ask while ADMIN_TOKEN is set: anybody, bearers of a token, or bearers of that one. */
  access: 'open' | 'read' | 'admin'
  /** Unique among all routes, for the OpenAPI document. */
  operation: string
  about: string
  params?: ZodType<Params>
  query?: ZodType<Query>
  /** Headers it reads, by their names in lower case. */
  headers?: ZodType<Headers>
  /** A request without a body is parsed as `null`. */
  body?: ZodType<Body>
  /** What it answers besides refusals, as JSON has it: no Date, no transform. Another status or body is a fault of the route. */
  answers: { status: number; body: ZodType }[]
  /** Body of its refusals; a problem document by default. */
  refusals?: Refusals
  /** @throws {Refused} for what a person got wrong */
  answer(ask: { params: Params; query: Query; body: Body; headers: Headers }, context: RouteContext): Promise<RouteAnswer>
}

export interface RouteAnswer {
  status: number
  body?: unknown
  headers?: Record<string, string>
}

/** Tasks by state. */
export type RouteTasks = Record<'waiting' | 'ready' | 'done' | 'skipped' | 'failed' | 'cancelled', number>

/** A job as routes show it: where it stands, and what its tasks of one stream came to. */
export interface RouteJob {
  id: string
  status: string
  params: unknown
  error: string | null
  createdAt: Date
  startedAt: Date | null
  completedAt: Date | null
  /** Records that were read, and those that were rejected. */
  seen: number
  rejected: number
  /** Tasks of every stream that has some; by its report once it has ended. */
  tasks: Record<string, RouteTasks>
  /** Failed tasks by kind of error. */
  failures: Record<string, number>
  /** Skipped tasks by kind; those without one are left out. */
  skips: Record<string, number>
  /** Whether everything that was asked for was read, by its report; null until there is one. */
  verified: boolean | null
}

/** How a job is started, besides its params. */
export interface RouteStart {
  /** `backfill` by default. */
  priority?: PriorityName
  /** Starts one even if the same is being backfilled. */
  force?: boolean
  /** The same key with the same request starts one job, however often it comes. */
  idempotencyKey?: string
}

/** `live` goes before `asked`, `asked` before `backfill`. */
export type PriorityName = 'live' | 'asked' | 'backfill'

/** Tasks of a job: those of which all holds that is said here. Row and column are their place in the grid. */
export interface TaskChoice {
  stream?: string
  lane?: string
  row?: string
  column?: string
}

/** What a job would cost at the limits in force. */
export interface JobEstimate {
  /** First tasks; further ones are found while it runs. */
  tasks: number
  /** By API or part; `requests` is null where it is not known before the work starts. `limit` is in words. */
  requests: { api: string; requests: number | null; leastMs: number | null; limit: string }[]
  /** Least time it takes, ms; null where that is not known. */
  leastMs: number | null
  notes: string[]
  activeKey: string
  /** A job that backfills the same and has not ended. */
  activeJob: string | null
}

/** Which part of a grid is wanted: labels, the first and the last included; both ends are open where they are left out. */
export interface GridWindow {
  columnsFrom?: string
  columnsTo?: string
  rowsFrom?: string
  rowsTo?: string
  /** The most places, 5,000 by default: columns and rows beyond it are left out and counted. */
  limit?: number
}

/** Tasks at one place, by the worst of them: the cell is done only when all of them are. */
export interface PartitionCell {
  row: string
  column: string
  /** The first of `failed`, `held`, `ready`, `waiting`, `cancelled`, `skipped` and `done` that one of its tasks is. */
  state: TaskState
  /** Of the skip, or of the last error. */
  kind: string | null
  /** Why it was skipped, or the last error; its first 300 characters. */
  reason: string | null
  /** Tries in a row of that task that brought no page. */
  attempts: number
  /** When a worker last took, read or settled one of the tasks; ISO 8601 in UTC. */
  changedAt: string
  tasks: number
  /** The task that decides: one of the worst. */
  taskId: number | string
}

/** Cells that show the same. */
export interface CellCount {
  state: TaskState
  kind: string | null
  cells: number
}

/** A job as a grid, or a window of it: its tasks at the places their stream names. */
export interface Partitions {
  /** Labels inside the window, digits in them ordered as numbers. */
  rows: string[]
  columns: string[]
  cells: PartitionCell[]
  /** Of the whole grid; `omitted` are cells outside the window. */
  totals: { rows: number; columns: number; cells: number; omitted: number }
  /** Of the whole grid, and of each row in the window with all its columns. */
  counts: CellCount[]
  rowCounts: { row: string; counts: CellCount[] }[]
  /** Where the windows beside this one begin; null where there are none. */
  previous: { columns: string | null; rows: string | null }
  next: { columns: string | null; rows: string | null }
}

/** What a job's pages came to so far, and how far it is. */
export interface RouteFigures {
  pages: number
  seen: number
  new: number
  updated: number
  unchanged: number
  known: number
  rejected: number
  deleted: number
  /** What the source says there is, where it does so for every task. */
  expected: number | null
  /** How far it is, 0..1. */
  fraction: number | null
  /** Records a second of the last 20 s, from the second time this process is asked. */
  rate: number | null
  /** Time left, ms. */
  leftMs: number | null
  requests: Traffic
  /** By the names of `Source.counters`; counters of nothing are left out. */
  counters: Record<string, number>
}

/** A limit of one of the source's APIs, for all processes together. */
export interface RouteGate {
  /** Of the API or its part, with the host or key it counts by: `esi.killmail`, `pds:example.com`. */
  name: string
  used: { span: 'requests' | 'day'; used: number; of: number; windowMs: number }[]
  inFlight: number
  concurrent: number | null
  /** When a spaced limit grants the next request, ISO 8601; null: now. */
  nextAt: string | null
  blockedUntil: string | null
  granted: number
  /** Requests that this limit delayed. */
  waits: number
  /** Answers by which the upstream refused a request. */
  throttled: number
}

/** What a route works with: the source's jobs and tables, in somebody's name. */
export interface RouteContext<S extends Settings = Settings> {
  readonly db: Reader
  /** The settings of the source, by name. */
  readonly settings: SettingValues<S>
  /**
   * Does something in one transaction and keeps who did it.
   * @param verb `lexicon.upload`
   * @param target what it is done to; `null`: the job started by it
   * @param detail what was asked, without secrets
   * @param work database only; a deadlock runs it again
   */
  act<T>(verb: string, target: string | null, detail: Json, work: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * Starts a job of the source inside such a transaction; workers are woken once that has committed.
   * @throws {Refused} `input` naming the field, `setup`, or `state` for a key used for another request
   */
  start(tx: Tx, params: unknown, options?: RouteStart): Promise<{ id: string; status: string; created: boolean }>
  /** What such a job would cost; nothing is started. @throws {Refused} `input` naming the field */
  estimate(params: unknown, priority?: PriorityName): Promise<JobEstimate>
  /**
   * @param only the failed tasks that a retry tries, all by default; the others stay failed
   * @throws {Refused} `missing`, `input` for what is no id, or `state` with the state it is in
   */
  steer(verb: 'pause' | 'resume' | 'cancel' | 'retry', id: string, only?: TaskChoice): Promise<void>
  /** The limits of the source's APIs as they stand. */
  gates(): Promise<RouteGate[]>
  /** Which tasks of a stream, by key, a running job of the source has open: the id of that job. */
  inFlight(stream: string, keys: readonly string[]): Promise<Map<string, string>>
  /** Jobs of the source, newest first. @param ask `cursor`: the `next` of the page before; 200 jobs at most @throws {Refused} `input` */
  jobs(ask: { limit: number; cursor?: string }): Promise<{ items: RouteJob[]; next: string | null }>
  /** @throws {Refused} `missing`, or `input` for what is no id */
  job(id: string): Promise<RouteJob>
  /** @throws {Refused} `missing`, or `input` for what is no id */
  figures(id: string): Promise<RouteFigures>
  /**
   * Empty where the source's streams make no grid. Counts of a large grid may be some seconds old while its job runs.
   * @param part a window; `all`: every cell without a limit, and all counts as of now
   * @throws {Refused} `missing`, or `input` for what is no id or no window
   */
  partitions(id: string, part?: GridWindow | 'all'): Promise<Partitions>
}

/** Ties a route's parts together; the source forgets their types. */
export const defineRoute = <P = unknown, Q = unknown, B = unknown, H = unknown>(route: Route<P, Q, B, H>): Route => route as Route
