import { z } from 'zod'

/*
 * Where the reading of a list is whose pages shift. The list is newest first: what arrives pushes the rest to later pages, where it is
 * seen again; what vanishes pulls the rest to earlier pages, which were read already. Without care each vanished record costs another
 * one. A page is therefore taken as the continuation only if that is certain; if not, the reading goes back. A list of one page is at
 * rest, because it is read at once.
 */

/** What an answer says of a list. What it does not say is null. */
export interface ListPage {
  /** The one asked for, from 1. */
  page: number
  /** Of its records, in their order. */
  ids: readonly string[]
  perPage: number | null
  lastPage: number | null
  /** Records of the whole list. */
  total: number | null
}

/** Ids of the pages read last that are remembered: more than a page of any list has. */
const TAIL = 100

export const place = z.object({
  /** To be read next, from 1. */
  page: z.int().positive(),
  /** How many records the list had before the end of what was read without a gap. */
  end: z.int().nonnegative(),
  /** Of the whole list, when that end was read. */
  total: z.int().nonnegative().nullable(),
  /** The last ids before that end. */
  tail: z.array(z.string()),
  /** Pages asked for. */
  asked: z.int().nonnegative(),
})
export type Place = z.infer<typeof place>

export const START: Place = { page: 1, end: 0, total: null, tail: [], asked: 0 }

export interface Turn {
  place: Place
  /** Whether the page follows what was read without a gap; if not, earlier pages are read again. */
  follows: boolean
  /** Whether the list ends with it. */
  isLast: boolean
  /** Records of the page that are not among those read last. */
  fresh: number
}

/** Where the reading goes on after an answer. */
export function turn(before: Place, answer: ListPage): Turn {
  const { page, ids, perPage, lastPage, total } = answer
  const asked = before.asked + 1
  const known = new Set(before.tail)
  const fresh = ids.filter((id) => !known.has(id)).length
  const start = perPage === null ? before.end : (page - 1) * perPage
  if (page > 1 && fresh === ids.length && !isNext(before, start, total))
    return { place: { ...before, page: backTo(before, answer), asked }, follows: false, isLast: false, fresh }
  const isLast = ids.length === 0 || (lastPage !== null && page >= lastPage)
  const tail = [...(page === 1 ? [] : before.tail.filter((id) => !ids.includes(id))), ...ids].slice(-TAIL)
  // A page in the middle may show fewer than it has places.
  const end = perPage === null ? before.end + fresh : isLast ? start + ids.length : page * perPage
  return { place: { page: page + 1, end, total, tail, asked }, follows: true, isLast, fresh }
}

/**
 * Whether a page that shows nothing known begins where the reading stopped. The total falls by what vanished and rises by what arrived,
 * and what arrives is always before that end: if the total has not fallen, no more vanished before the end than arrived there, so
 * that nothing slipped to a page that was read.
 */
const isNext = (before: Place, start: number, total: number | null): boolean =>
  start <= before.end && (total === null || before.total === null || total >= before.total)

/** A page that shows the last of what was read, if all that vanished was before it. */
function backTo(before: Place, { page, perPage, total }: ListPage): number {
  const vanished = Math.max(0, (before.total ?? 0) - (total ?? before.total ?? 0))
  const behind = perPage === null ? page - 1 : Math.floor((before.end - vanished - 1) / perPage) + 1
  return Math.max(1, Math.min(page - 1, behind))
}

/** Whether so many pages were asked for that the list does not come to rest. */
export const isRestless = ({ page, asked }: Place, lastPage: number | null): boolean => asked > 3 * Math.max(page, lastPage ?? 0) + 50
