import { z } from 'zod'
import type { Skip } from '../../../contract'
import { isRestless, type ListPage, place, START, turn } from './pager'

/*
 * One reading of a whole list, or of its newest part: its pages to the end, then page 1 again until something known, for what arrived
 * meanwhile. What was read is then counted and compared with what Printify says; a reading that differs is made again.
 */

/** How often a list is read before it is given up. */
export const ROUNDS = 3
/** Entries that are remembered because they are not stored; with more of them nothing can be counted. */
const MAX_APART = 500

export const reading = z.object({
  /** From 1. */
  round: z.int().positive(),
  /** When it began, ISO 8601; null: it has not. */
  since: z.string().nullable(),
  place,
  /** `again`: page 1 is read again. */
  phase: z.enum(['list', 'again']),
  /** Ids of its first page. */
  top: z.array(z.string()),
  /** Keys of entries that are counted by Printify and not stored: rejects, and what is older than wanted. */
  apart: z.array(z.string()),
  hasRejects: z.boolean(),
  /** When the oldest of its records was made, ISO 8601; null: it is not known of any. */
  oldest: z.string().nullable(),
  /** Records from the start of the list to where the reading ended, and records and pages of the whole list, as Printify counts. */
  covered: z.object({ records: z.number(), total: z.number().nullable(), isWhole: z.boolean(), pages: z.number().nullable() }).nullable(),
  /** Of the last answer that told it. */
  total: z.number().nullable(),
  /** How far the total has fallen from one answer to the next, in all: at least so many records vanished while it was read. */
  fallen: z.number(),
  /** How many records the reading should have stored, with those apart; null: Printify did not say. */
  counted: z.number().nullable(),
})
export type Reading = z.infer<typeof reading>

/** When it began. @throws {Error} before its first page: a fault of the stream */
export function sinceOf({ since }: Reading): Date {
  if (since === null) throw new Error('a reading is counted after its first page')
  return new Date(since)
}

export const newReading = (round = 1): Reading => ({
  ...{
    round,
    since: null,
    place: START,
    phase: 'list',
    top: [],
    apart: [],
    hasRejects: false,
    oldest: null,
    covered: null,
    total: null,
    fallen: 0,
    counted: null,
  },
})

/** What a page showed besides its place in the list. */
export interface Shown {
  sentAt: Date
  apart: readonly string[]
  hasRejects: boolean
  /** When its records were made, ISO 8601. */
  made: readonly (string | null)[]
  /** Nothing on later pages is wanted. */
  isEnough: boolean
}

export interface Advanced {
  reading: Reading
  /** Everything is read; it is to be counted. */
  isOver: boolean
  /** Records that are new in this reading; one that was pushed several pages on is counted again. */
  fresh: number
  /** The list changes faster than it can be read. */
  isRestless: boolean
}

/** The reading after a page. */
export function advance(before: Reading, answer: ListPage, shown: Shown): Advanced {
  const { place: next, follows, isLast, fresh } = turn(before.place, answer)
  const known = new Set(before.top)
  const meets = before.phase === 'again' && answer.ids.some((id) => known.has(id))
  const after: Reading = {
    ...before,
    since: before.since ?? shown.sentAt.toISOString(),
    place: next,
    top: before.since === null ? [...answer.ids] : before.top,
    total: answer.total ?? before.total,
    fallen: before.fallen + Math.max(0, (before.total ?? 0) - (answer.total ?? before.total ?? 0)),
    apart: [...new Set([...before.apart, ...shown.apart])].slice(0, MAX_APART + 1),
    hasRejects: before.hasRejects || shown.hasRejects,
    oldest: [before.oldest, ...shown.made].reduce((a, b) => (a === null || (b !== null && b < a) ? b : a), before.oldest),
  }
  const isNew = before.phase === 'list' ? fresh : answer.ids.filter((id) => !known.has(id)).length
  const on = { reading: after, isOver: false, fresh: isNew, isRestless: isRestless(next, answer.lastPage) }
  if (!follows) return on
  if (before.phase === 'again') {
    return meets || isLast ? { ...on, reading: { ...after, counted: countOf(after.covered, answer.total) }, isOver: true } : on
  }
  if (!isLast && !shown.isEnough) return on
  const covered = { records: next.end - placesLeft(answer, isLast), total: answer.total, isWhole: isLast, pages: answer.lastPage }
  // A list that was read at once did not change meanwhile.
  if (next.asked === 1) return { ...on, reading: { ...after, covered, counted: countOf(covered, answer.total) }, isOver: true }
  return { ...on, reading: { ...after, phase: 'again', place: { ...START, asked: next.asked }, covered } }
}

/** Places of a page in the middle of the list that show nothing. */
const placesLeft = ({ perPage, ids }: ListPage, isLast: boolean): number => (isLast || perPage === null ? 0 : perPage - ids.length)

/** @param total at the end of the reading */
function countOf(covered: Reading['covered'], total: number | null): number | null {
  if (!covered || total === null || covered.total === null) return null
  return covered.isWhole ? total : covered.records + total - covered.total
}

export type Outcome =
  | { is: 'complete' }
  /** It is complete as far as can be told. */
  | { is: 'unverified'; reason: string }
  | { is: 'different'; reason: string }

/**
 * Whether everything was read.
 * @param what `orders of shop 12`
 * @param stored how many records this reading stored
 */
export function outcomeOf({ round, counted, apart, fallen }: Reading, what: string, stored: number): Outcome {
  if (counted === null) return { is: 'unverified', reason: `Printify did not say how many ${what} there are` }
  if (apart.length > MAX_APART)
    return { is: 'unverified', reason: `more than ${MAX_APART} ${what} were left out, so that the rest was not counted` }
  const found = stored + apart.length
  if (found === counted) return { is: 'complete' }
  // What vanished after it was read is stored all the same. Another reading would show which it was, but it may never end.
  if (round >= ROUNDS && found > counted && found - counted <= fallen) return { is: 'complete' }
  return { is: 'different', reason: `Printify counts ${counted} ${what}, but shows ${found}` }
}

/** What follows a reading that is no proof: another one or, after the last one, the failure of its task, whose retry starts anew. */
export function anew({ round }: Reading, kind: string, reason: string): { reading: Reading; failed?: Skip } {
  if (round < ROUNDS) return { reading: newReading(round + 1) }
  return { reading: newReading(), failed: { kind, reason: `${reason}; they were read ${ROUNDS} times` } }
}

/** An empty list is no proof that all is gone: it is what a shop shows that lost its data as well. */
export const emptied = (what: string): string => `Printify shows no ${what}, but some were read before: none was taken for gone`
