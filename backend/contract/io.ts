import type { Id } from '../base/json'
import type { Log } from '../base/log'
import type { Reader } from '../base/sql'
import type { Http } from './api'
import type { Settings, SettingValues } from './settings'

/** What a read may use: the network, and what is held. It never writes. `Io<typeof settings>` knows the types of the settings. */
export interface Io<S extends Settings = Settings> {
  /** The client of an API named in the source's `apis`. */
  http(api: string): Http
  /** Which of these are already held; one query, the stream's `known`. */
  known(ids: readonly Id[]): Promise<Set<Id>>
  /** Which tasks of a stream, by key, another running job of the source has open: the id of that job. */
  inFlight(stream: string, keys: readonly string[]): Promise<Map<string, string>>
  /** What is held, in statements of the source's own. */
  readonly held: Reader
  /** False when the read should return what it has: time is up, a stop was asked for, or the next grant is far off. */
  more(): boolean
  /** The settings of the source, by name. */
  readonly settings: SettingValues<S>
  readonly log: Log
  /** Aborted when a stop's grace is over. */
  readonly signal: AbortSignal
}
