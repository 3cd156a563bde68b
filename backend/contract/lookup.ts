import type { ZodType } from 'zod'
import type { QueueName } from '../../queues/names'
import type { Id } from '../base/json'
import type { Reader, Tx } from '../base/sql'
import type { Io } from './io'

/** Ids to enrich, by lookup kind. */
export type LookupIds = Record<string, readonly Id[]>

export interface Lookup<F = unknown> {
  queue: QueueName
  /** An id as people and messages write it, to the one text it is kept by; its fault reads on from the id: `must be a whole number`. */
  id: ZodType<Id>
  /** Ids in one claim. */
  batch: number
  /** How long an answer stays fresh, ms. */
  freshMs: number
  /**
   * Asks upstream; may run twice. Ids that are neither found nor missing stay open.
   * @param denied those of them that were missing the last time they were asked for
   */
  read(ids: readonly Id[], io: Io, denied: ReadonlySet<Id>): Promise<Answers<F>>
  /** Stores what was found; `missing` are those that the source has denied twice. */
  write(tx: Tx, answers: Answers<F>): Promise<void>
}

export interface Answers<F> {
  found: F[]
  /** Ids answered, found or unchanged. */
  answered: Id[]
  /** Ids of which the source itself says that there is no such thing: asked once more before it is believed. */
  missing: { id: Id; reason: string; checkAgain?: Date }[]
  /** Ids whose own question failed: each is asked again by its own tries. */
  failed?: { id: Id; error: Error }[]
  /** Further ids these answers name. */
  lookups?: LookupIds
}

/** Something an upstream refused, which is left alone for a while. */
export interface KeptRefusal {
  id: Id
  reason: string
  refusedAt: Date | null
  /** Left alone until then. */
  until: Date
}

/** Refusals of one kind, for a person who knows better. */
export interface KeptRefusals {
  /** As a lookup's. */
  id: ZodType<Id>
  list(db: Reader, limit: number): Promise<KeptRefusal[]>
  /** All of them unless ids are given. @returns how many were forgotten */
  forget(tx: Tx, ids?: readonly Id[]): Promise<number>
}
