import type { ZodType } from 'zod'
import type { QueueName } from '../../queues/names'
import type { Json } from '../base/json'
import type { Reader } from '../base/sql'
import type { Accounts } from './accounts'
import type { Api, Http, HttpUse, Pace } from './api'
import type { AlertCheck } from './check'
import type { Command } from './command'
import type { CredentialKind } from './credentials'
import type { FailureKind } from './failure-kind'
import type { Feed } from './feed'
import type { Hooks } from './hooks'
import type { Listener } from './listener'
import type { KeptRefusals, Lookup } from './lookup'
import type { Missing } from './missing'
import type { PlanEstimate, Preview } from './preview'
import type { Route, RouteContext } from './route'
import type { Settings, SettingValues } from './settings'
import type { NewTask, Stream } from './stream'

/** How often a task is tried before it fails, and the pauses between the tries. Each pause is 0.5 to 1.5 times the length given here. */
export interface Tries {
  /** Failed tries in a row (default: the setting ATTEMPTS, 10). */
  attempts?: number
  /** Pause after the first of them, ms (default 1,000). */
  baseMs?: number
  /** Factor by which each pause is longer than the one before it (default 2). */
  factor?: number
  /** Longest pause, ms (default 600,000). */
  maxMs?: number
}

/** A word for people. */
export interface Noun {
  one: string
  many: string
}

export interface Plan {
  tasks: NewTask[]
  /** The most tasks of one lane that run at once (default 1). */
  laneWidth?: number
  /** The same for single lanes, by lane: an account whose API answers several requests at once. The others have `laneWidth`. */
  laneWidths?: Readonly<Record<string, number>>
  /** The most lanes of the job that run at once (default 8). */
  lanesAtOnce?: number
  /**
   * The share of this job where workers or a limit are scarce: among jobs with the same priority, pages are read in proportion to their
   * weights (default 1). A job that could not use its share gets no more for it later. Weights count by queue.
   */
  weight?: number
  /** Discovery rests while this many tasks wait; tasks of streams that discover do not count. */
  backlog?: number
  /**
   * Least time between two requests of this job to an API, over all its tasks and all processes, retries included. It does not
   * slow other jobs. Lookups belong to no job and are not paced.
   */
  pace?: Pace
  /** How the tasks of this job are retried, instead of the defaults. A retry time that the upstream names takes precedence. */
  tries?: Tries
  /** Names what is backfilled, without options: only one job with the same key can be active. */
  activeKey: string
  estimate: PlanEstimate
}

/**
 * An upstream. What only workers and the API use, above all `streams` and `routes`, may be getters that load it at its first use: most
 * commands start without it.
 */
export interface Source<P = unknown> extends Hooks<P> {
  name: string
  about: string
  /** The requests that each queue accepts; extra fields are ignored. */
  requests: Partial<Record<QueueName, ZodType<P>>>
  /** Priority of jobs from a queue, where it is not that of a backfill. */
  priorities?: Partial<Record<QueueName, number>>
  /** Priority of a request that names none. Lower numbers run first, even in the middle of another job's turn. */
  priority?(params: P): number
  /**
   * What a person may ask for; parsed when the job is started, and parsing its output again changes nothing. The JSON Schema of its input
   * makes the dashboard's form, the API's documentation and the options of commands: each field is described once, by `.meta({ title,
   * description, flag })`. Fields that exclude each other name their choice, `.meta({ choice: { name: 'Whose killmails' } })`, with `none`
   * where none of them may be given, and `option` where one option has several fields; `when: { mode: ['backfill'] }` names the values of
   * another field with which a field applies. Forms show only what applies; `params` checks the same. A field that only `prepare` sets is marked by `.meta({ prepared: true })`: it is in no form, and
   * refused when a person sends it.
   */
  params: ZodType<P>
  /**
   * Completes the params from the database and the settings: resolves what depends on the moment, such as `lastDays`, a scope that is
   * stored in tables, or defaults from settings. Called for every estimate and dry run, and at every start, also of a schedule's tick,
   * in the transaction of the start. What it returns must parse to itself with `params`; it is stored with the job, and `plan` gets
   * nothing else. An idempotency key belongs to the request as it was sent: a repeated request is not prepared again. Starting many
   * jobs calls it once for each, one after the other, so it should make at most one indexed query.
   * @param params as parsed; a message may contain fields that are marked as prepared, so always overwrite them
   * @throws {Refused} its sentence is shown to the person, or kept with the message on the dead-letter queue
   */
  prepare?(db: Reader, params: P, settings: SettingValues): Promise<P>
  /** Describes what such a job reads: `kills of character 2117325769`; by default the active key of the plan. */
  label?(params: P): string
  /** What kinds of jobs it has, by which lists are filtered, and which of them a job of these params is. Absent: one kind. */
  kinds?: { names: readonly string[]; of(params: P): string }
  /**
   * What a row and a column of its jobs' grids stand for, each in one word: `district`, `date`. Commands that choose tasks take the
   * words as options. Present where its streams have cells.
   */
  grid?: { row: string; column: string }
  /** What its lanes stand for: hosts, accounts. Entry points say so in place of lane; commands that choose tasks take the word as an option. */
  lanes?: Noun
  /**
   * Describes what the tasks of a lane and stage read: `orders of etsy`. For stages whose pages foresee no label; undefined where they
   * read nothing: progress leaves the stage out.
   */
  stageLabel?(lane: string, stage: number): string | undefined
  /** A small request that its sandbox answers; the contract suite runs it. */
  example: Json
  /** The environment variables it reads, by name. */
  settings?: Settings
  apis: Record<string, Api>
  /** The kinds of accounts that people connect; its routes save their tokens. */
  credentials?: Record<string, CredentialKind>
  /** How people connect, check and remove accounts. */
  accounts?: Accounts
  streams: Record<string, Stream>
  lookups?: Record<string, Lookup>
  /** Messages that carry data instead of requests, by name. */
  feeds?: Record<string, Feed>
  /** Long-lived connections, by the name of the PM2 app that runs them. */
  listeners?: Record<string, Listener>
  /** Refusals it stores besides those of its lookups, by kind. */
  refusals?: Record<string, KeptRefusals>
  /** Its own kinds of failures: whether trying again helps. Those of requests are known to the engine. */
  failures?: Record<string, FailureKind>
  /** What of its jobs may be missing although no task failed: a retry may include it. */
  missing?: Missing<P>
  commands: Record<string, Command>
  /** Its PM2 apps: the queues each consumes, and how many deliveries one process handles at once. */
  workers: Record<string, { queues: QueueName[]; concurrency: number }>
  /** The setting with the most jobs of it that run at once; absent: only the capacity of its workers limits them. */
  jobsAtOnce?: { setting: string }
  /** HTTP routes of its own, for clients that expect others than the API's. */
  routes?: readonly Route[]
  /** What its pages count besides the outcomes of records: `name_with_underscores` → a sentence. */
  counters?: Record<string, string>
  /** What a person can do where one of its counters is not 0, by its name: shown on the job, with the sentence of the counter. */
  advice?: Record<string, string>
  /** Conditions that need a person, by `name_with_underscores`; their alerts and events are called `<source>.<name>`. */
  checks?: Record<string, AlertCheck>
  /** Deletes expired rows, by name: each call deletes one batch and returns how many rows that were, 0 when none are left. */
  retention?: Record<string, (db: Reader) => Promise<number>>
  /** Splits a job into its first tasks. The same (prepared) params give the same tasks; no I/O. */
  plan(params: P): Plan
  /**
   * What a job of these (prepared) params would read, for dry runs. Reads the database only; it and the job must decide by the same
   * functions, so that the job leaves out what was shown as left out.
   */
  preview?(reads: Pick<RouteContext, 'db' | 'inFlight'>, params: P): Promise<Preview>
}

/** The sources whose workers take from a queue. */
export const sourcesOn = (sources: readonly Source[], queue: QueueName): Source[] =>
  sources.filter(({ workers }) => Object.values(workers).some(({ queues }) => queues.includes(queue)))

/** Loads what runs jobs of these sources, so that a newer build that takes the place of this one is not mixed with what runs. */
export function loadParts(sources: readonly Source[]): void {
  for (const source of sources) void source.streams
}

/** Checks that a source's parts fit together; the registry does not keep its types. */
export const defineSource = <P>(source: Source<P>): Source<P> => source

/** Makes the clients of a source for one step. */
export type HttpFactory = (source: Source, use: HttpUse) => (api: string) => Http
