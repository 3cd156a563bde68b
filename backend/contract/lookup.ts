import type { ZodType } from 'zod'
import type { QueueName } from '../../queues/names'
import type { Id } from '../base/json'
import type { Reader, Tx } from '../base/sql'
import type { Io } from './io'

/** Ids to enrich, by lookup kind. */
export type LookupIds = Record<string, readonly Id[]>

export interface Lookup<F = unknown> {
  queue: QueueName
  /** Turns an id as people and messages write it into the one text that is stored; its error follows the id: `must be a whole number`. */
  id: ZodType<Id>
  /** Ids that are claimed together. */
  batch: number
  /** How long an answer stays fresh, ms. */
  freshMs: number
  /**
   * Asks the upstream; may run twice. Ids that are neither found nor missing stay open.
   * @param denied those of `ids` that were missing when last asked for
   * @throws {Held} all of these ids then wait until its key is released
   */
  read(ids: readonly Id[], io: Io, denied: ReadonlySet<Id>): Promise<Answers<F>>
  /** Stores what was found; `missing` holds the ids that were missing twice in a row. */
  write(tx: Tx, answers: Answers<F>): Promise<void>
}

export interface Answers<F> {
  found: F[]
  /** Ids answered, found or unchanged. */
  answered: Id[]
  /** Ids that do not exist according to the upstream; each is asked for once more before that is stored. */
  missing: { id: Id; reason: string; checkAgain?: Date }[]
  /** Ids whose own request failed; each is retried by itself. */
  failed?: { id: Id; error: Error }[]
  /** More ids to look up, found in these answers. */
  lookups?: LookupIds
}

/** Something an upstream refused, which is not asked for again for a while. */
export interface KeptRefusal {
  id: Id
  reason: string
  refusedAt: Date | null
  /** Not asked for before this moment. */
  until: Date
}

/** Stored refusals of one kind, which a person can list and delete. */
export interface KeptRefusals {
  /** As `Lookup.id`. */
  id: ZodType<Id>
  /** By id. @param after only those behind this id of the list */
  list(db: Reader, limit: number, after?: Id): Promise<KeptRefusal[]>
  /** Deletes those of these ids; all by default. @returns how many were deleted */
  forget(tx: Tx, ids?: readonly Id[]): Promise<number>
}
