import type { ZodType } from 'zod'
import type { Json } from '../base/json'
import type { Reader, Tx } from '../base/sql'

/*
 * HTTP routes that a source brings along: what its users know it by, beside the API that serves all sources alike. A route is
 * data and one function; the API parses, guards, documents and answers.
 */

export interface Route<Params = unknown, Query = unknown, Body = unknown> {
  method: 'GET' | 'POST' | 'DELETE'
  /** As fastify writes it: `/admin/backfill/:id/cancel`; routes that share a path name its parts alike. */
  path: string
  /** Unique among all routes, for the OpenAPI document. */
  operation: string
  about: string
  params?: ZodType<Params>
  query?: ZodType<Query>
  /** A request without a body is parsed as `null`. */
  body?: ZodType<Body>
  /** What it answers besides refusals, as JSON has it: no Date, no transform. Another status or body is a fault of the route. */
  answers: { status: number; body: ZodType }[]
  /** @throws {Refused} for what a person got wrong */
  answer(ask: { params: Params; query: Query; body: Body }, context: RouteContext): Promise<RouteAnswer>
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
  /** Records read that were asked for, and those set aside. */
  seen: number
  rejected: number
  /** Tasks of every stream that has some; by its report once it has ended. */
  tasks: Record<string, RouteTasks>
  /** Failed tasks by kind of error. */
  failures: Record<string, number>
}

/** What a route works with: the source's jobs and tables, in somebody's name. */
export interface RouteContext {
  readonly db: Reader
  /**
   * Does something in one transaction and keeps who did it.
   * @param verb `lexicon.upload`
   * @param target what it is done to; `null`: the job started by it
   * @param detail what was asked, without secrets
   * @param work database only; a deadlock runs it again
   */
  act<T>(verb: string, target: string | null, detail: Json, work: (tx: Tx) => Promise<T>): Promise<T>
  /** Starts a job of the source inside such a transaction; its wake-ups ring once that has committed. @throws {Refused} */
  start(tx: Tx, params: unknown): Promise<{ id: string; status: string; created: boolean }>
  /** @throws {Refused} `missing`, `input` for what is no id, or `state` with the state it is in */
  steer(verb: 'pause' | 'resume' | 'cancel' | 'retry', id: string): Promise<void>
  /** Jobs of the source, newest first. @param ask `cursor`: the `next` of the page before; 200 jobs at most @throws {Refused} `input` */
  jobs(ask: { limit: number; cursor?: string }): Promise<{ items: RouteJob[]; next: string | null }>
  /** @throws {Refused} `missing`, or `input` for what is no id */
  job(id: string): Promise<RouteJob>
}

/** Ties a route's parts together; the source forgets their types. */
export const defineRoute = <P = unknown, Q = unknown, B = unknown>(route: Route<P, Q, B>): Route => route as Route
