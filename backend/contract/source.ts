import type { ZodType } from 'zod'
import type { QueueName } from '../../queues/names'
import type { Json } from '../base/json'
import type { Reader, Tx } from '../base/sql'
import type { Api, Http, HttpUse, Pace } from './api'
import type { AlertCheck } from './check'
import type { Command } from './command'
import type { Feed } from './feed'
import type { Listener } from './listener'
import type { KeptRefusals, Lookup } from './lookup'
import type { Route } from './route'
import type { Settings, SettingValues } from './settings'
import type { NewTask, Stream } from './stream'

/** How often a task is tried before it fails, and how far apart. Each pause is 0.5 to 1.5 times as long as given here. */
export interface Tries {
  /** Tries in a row that bring no page (default: the setting ATTEMPTS, 10). */
  attempts?: number
  /** Pause after the first of them, ms (default 1,000). */
  baseMs?: number
  /** How much longer each pause is than the one before it (default 2). */
  factor?: number
  /** Longest pause, ms (default 600,000). */
  maxMs?: number
}

export interface Plan {
  tasks: NewTask[]
  /** Tasks of one lane at once (default 1). */
  laneWidth?: number
  /** Lanes of the job at once (default 8). */
  lanesAtOnce?: number
  /** Discovery rests while this many tasks wait; those of streams that discover do not count. */
  backlog?: number
  /**
   * Least time between two requests of this job to an API, over all its tasks and all processes, retries included. Other jobs are not
   * slowed by it. Lookups belong to no job: they are not paced.
   */
  pace?: Pace
  /** How often the tasks of this job are tried, in place of the defaults. A moment that the upstream names still goes first. */
  tries?: Tries
  /** What is being backfilled, not with which options; one active job for each. */
  activeKey: string
  /** For `--dry-run`: requests by api or part. Absent figures are unknown before the work starts. */
  estimate: { requests: Record<string, number | null>; note?: string }
}

export interface Source<P = unknown> {
  name: string
  about: string
  /** What may be published to which queue; loose on extra fields. */
  requests: Partial<Record<QueueName, ZodType<P>>>
  /** Priority of jobs that arrive on a queue, where it is not that of a backfill. */
  priorities?: Partial<Record<QueueName, number>>
  /** Priority of a request that names none; those of a lower number go ahead even in the middle of a turn. */
  priority?(params: P): number
  /**
   * What a person may ask for; parsed when the job is started, and its own result parses to itself. The JSON Schema of its input is the
   * form of the dashboard, the API's document and the options of commands: each field is described once, by `.meta({ title,
   * description, flag })`. A field that only `prepare` sets is marked by `.meta({ prepared: true })`: it is in no form, and refused
   * from a person.
   */
  params: ZodType<P>
  /**
   * What a job is started with, now that the database can be asked: it resolves what depends on the moment, such as `lastDays`, a
   * scope that is kept in tables, or defaults from settings. Called at every start, also of a schedule's tick, in the transaction of
   * the start; and for every estimate and dry run. What it returns parses to itself with `params`, is kept with the job, and `plan`
   * sees nothing else. An idempotency key is for what was asked: a repeated request is not prepared again. Starting many jobs calls
   * it once for each, one after the other, so it should make one indexed query at most.
   * @param params as parsed; a message may hold fields that are marked as prepared, so they are set whatever they are
   * @throws {Refused} a person gets the sentence, a message goes to the dead-letter queue with it
   */
  prepare?(db: Reader, params: P, settings: SettingValues): Promise<P>
  /** What such a job reads: `kills of character 2117325769`; by default the active key of the plan. */
  label?(params: P): string
  /** A small request that its sandbox answers; the contract suite runs it. */
  example: Json
  /** The environment variables it reads, by name. */
  settings?: Settings
  apis: Record<string, Api>
  streams: Record<string, Stream>
  lookups?: Record<string, Lookup>
  /** Messages that are data and no requests, by a name of their own. */
  feeds?: Record<string, Feed>
  /** Long-lived connections, by the PM2 app that holds them. */
  listeners?: Record<string, Listener>
  /** Refusals it keeps besides those of its lookups, by a kind of their own. */
  refusals?: Record<string, KeptRefusals>
  commands: Record<string, Command>
  /** Its PM2 apps: which queues each consumes and how many deliveries one process holds at once. */
  workers: Record<string, { queues: QueueName[]; concurrency: number }>
  /** The setting that says how many of its jobs run at once; absent: its queues' workers bound them. */
  jobsAtOnce?: { setting: string }
  /** HTTP routes of its own, where its users know it by others than the API's. */
  routes?: readonly Route[]
  /** What its pages count besides the outcomes of records, a sentence each; by `name_with_underscores`. */
  counters?: Record<string, string>
  /** What a person should know of, by `name_with_underscores`: alerts and their events are called `<source>.<name>`. */
  checks?: Record<string, AlertCheck>
  /** What it keeps for a while only, by name: each call deletes one batch of it and returns the rows, 0 when none are left. */
  retention?: Record<string, (db: Reader) => Promise<number>>
  /** Splits a job into its first tasks; same (prepared) params, same tasks, no I/O. */
  plan(params: P): Plan
  /** Runs in the transaction of the job's finish task, before its report is written. */
  finish?(tx: Tx, job: { id: string; params: P }): Promise<void>
}

/** Keeps a source's own types while the registry forgets them. */
export const defineSource = <P>(source: Source<P>): Source<P> => source

/** Makes the clients of a source for one step. */
export type HttpFactory = (source: Source, use: HttpUse) => (api: string) => Http
