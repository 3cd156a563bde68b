import type { Id } from '../base/json'
import type { Log } from '../base/log'
import type { Reader } from '../base/sql'
import type { Http } from './api'
import type { Settings, SettingValues } from './settings'

/** How the tasks of one stage have ended. */
export interface StageEnd extends Record<'done' | 'skipped' | 'failed' | 'cancelled', number> {
  /** Why the first of the failed ones failed. */
  error: string | null
  /** Why the first of the skipped ones was skipped. */
  skip: string | null
  /** Why it is not certain that everything was read although nothing failed. */
  unverified: string | null
}

/** What a read may use: the network, and what is stored. It never writes. `Io<typeof settings>` has the types of the settings. */
export interface Io<S extends Settings = Settings> {
  /** The client of an API named in the source's `apis`. */
  http(api: string): Http
  /** Which of these are already stored, by the stream's `known`; one query. */
  known(ids: readonly Id[]): Promise<Set<Id>>
  /** Tasks with these keys that are open in another running job of the source: key → id of that job. */
  inFlight(stream: string, keys: readonly string[]): Promise<Map<string, string>>
  /** How the tasks of an earlier stage of the task's lane have ended. For the task that ends what they read. */
  ended(stage: number): Promise<StageEnd>
  /** Runs the source's own statements on what is stored. */
  readonly held: Reader
  /**
   * False when the read should return what it has: its time is up, the worker is stopping, or the next slot of this API is far off.
   * Each API has a next slot of its own: while one is far off, a read may ask another.
   * @param api the API asked last by default
   */
  more(api?: string): boolean
  /** The settings of the source, by name. */
  readonly settings: SettingValues<S>
  readonly log: Log
  /** Aborted when the grace period of a stop ends. */
  readonly signal: AbortSignal
}
