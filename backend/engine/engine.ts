import type { Broker } from '../../queues/broker'
import { Fatal, RetryLater } from '../base/errors'
import type { Log } from '../base/log'
import type { HttpFactory, SettingsReader, Source } from '../contract'
import type { Db } from '../database/db'

/** Named places where a worker can die; the fault stories kill it there. */
export type Point = 'after claim' | 'before commit' | 'after commit' | 'after publish' | 'before ack'

/** What the parts of the engine share in one process. */
export interface Engine {
  db: Db
  broker: Broker
  sources: readonly Source[]
  log: Log
  /** Reads the settings of a source; by default no variable is set. */
  settings?: SettingsReader
}

/** What a worker process adds. */
export interface WorkerEngine extends Engine {
  http: HttpFactory
  /** This worker's id, new at each start. */
  id: string
  /** No new page starts after this long on one delivery, ms. */
  turnMs: number
  /** Tries in a row without a committed page before a task fails. */
  attempts: number
  /** True once the worker is stopping. */
  stopping(): boolean
  /** Aborted when the grace period of a stop ends. */
  signal: AbortSignal
  reached(point: Point): void
}

/** The source of this name. @throws {Error} when the registry has none: the row was written by a newer version */
export function sourceNamed(sources: readonly Source[], name: string): Source {
  const source = sources.find((one) => one.name === name)
  if (!source) throw new Error(`this version has no source ${name}: a newer version wrote the row; update this process`)
  return source
}

/** The short stable word that an error is counted by. */
export const kindOf = (error: unknown): string => (error instanceof RetryLater || error instanceof Fatal ? error.kind : 'unexpected')
