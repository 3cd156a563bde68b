import { RetryLater } from '../../../base/errors'
import type { Io } from '../../../contract'
import { type Listed, PAGE_SIZE, readLeast } from '../client'
import { listingOf, wantOf } from '../listing'
import type { Gap, WalkCursor } from './cursor'
import type { Rules, WalkPage, WalkStep } from './rules'

/*
 * What a walk does with a page it cannot trust: empty ones, and copies older than the page above.
 */

/** Times a page is asked for again before it counts as a failure. */
const PATIENCE = 8
/** How often the page after a full last one is read again when the statistics count more; they may be wrong as well. */
const SECOND_READS = 3

/** A step that has nothing to store. */
export const nothing = (next: WalkCursor): WalkPage => ({ batch: { killmails: [], refused: [], again: false }, next })

/**
 * An empty page is the end when a later one is empty too, or when zKillboard gives no later one, and when both copies are
 * younger than the page above them: rows that moved down since would not be on older ones.
 */
export function onEmpty(cursor: WalkCursor, page: Listed, asked: number, rules: Rules): WalkCursor {
  const before = cursor.empty
  if (page.past && !before) return { ...cursor, over: true, plan: rules.partitions ? (cursor.plan ?? '?') : undefined }
  // Something below the floor is known to exist: the page has failed.
  if (cursor.floor !== undefined) return again(cursor, page)
  const isOlder = isOlderThanAbove(page, cursor)
  const until = page.aged ? page.expires : 0
  if (!before) return { ...cursor, page: asked, empty: { page: asked, isOlder, until } }
  if (before.isOlder || isOlder) return again({ ...cursor, page: before.page }, page, before.until)
  if (cursor.isRepeated) return { ...cursor, empty: undefined, isRepeated: undefined, over: true }
  // A listing seldom ends with a full page, and one without anything may be a failure that both empty pages share.
  if (before.page === 1 || (cursor.lastRows ?? 0) >= PAGE_SIZE / 2) return { ...cursor, isDoubted: true }
  return { ...cursor, empty: undefined, over: true }
}

/** Compares a doubted end with what zKillboard's statistics say there is at least. */
export async function readEvidence({ key, cursor, params }: WalkStep, io: Io): Promise<WalkPage> {
  const listing = listingOf(key)
  const least = await readLeast(io, listing)
  const end = { ...cursor, empty: undefined, isDoubted: undefined, over: true }
  // The page after the last one is empty by right, so it cannot tell that the last one failed; only asking again can. A copy
  // in a cache would repeat itself, and months that the statistics do not know are many.
  const isSettled = (cursor.empty?.until ?? 0) > 0 || (least === 0 && listing.month !== undefined && cursor.rows === 0)
  const next = isSettled ? end : { ...cursor, isDoubted: undefined, isRepeated: true }
  if (least === undefined) return { ...nothing(next), notes: [`the end of ${key} could not be compared with zKillboard's statistics`] }
  if (least <= cursor.rows) return nothing(next)
  const text = `zKillboard counts at least ${least} killmails of ${key} and has listed ${cursor.rows}`
  if (cursor.again < SECOND_READS || cursor.rows === 0) {
    if (cursor.again >= PATIENCE) throw new RetryLater('unsteady_listing', text)
    const wait = Math.max(cursor.empty?.until ?? 0, Date.now() + 7500 * 2 ** cursor.again)
    return nothing({ ...end, over: false, page: cursor.empty?.page ?? cursor.page, again: cursor.again + 1, wait })
  }
  const { from, until } = wantOf(params)
  const isWhole = !Number.isFinite(from) && !Number.isFinite(until)
  return { ...nothing(end), notes: [text], ...(isWhole ? { expected: least } : {}) }
}

/** A copy made before that of the page above it may lack what has moved down since, unless the two overlap. */
export function mayHide(page: Listed, cursor: WalkCursor): boolean {
  return isOlderThanAbove(page, cursor) && Number(page.entries[0]?.id) < Number(cursor.low)
}

/** Both moments come from headers in whole seconds. */
const isOlderThanAbove = (page: Listed, { made }: WalkCursor): boolean => made !== undefined && page.made < made - 1500

/** A page once more: at once the first time, unless a cache would only repeat itself. */
export function again(cursor: WalkCursor, page: Listed, notBefore = 0): WalkCursor {
  const at = comesBack(page, cursor.again, notBefore)
  if (cursor.again >= PATIENCE) {
    throw new RetryLater('unsteady_listing', `page ${cursor.page} stays empty or older than the page above it`, new Date(at))
  }
  return { ...cursor, empty: undefined, isRepeated: undefined, again: cursor.again + 1, wait: at }
}

function comesBack(page: Listed, tries: number, notBefore: number): number {
  const expired = Math.max(page.aged ? page.expires : 0, notBefore)
  return Math.max(expired === 0 ? 0 : expired + 1000, tries === 0 ? 0 : Date.now() + 7500 * 2 ** tries)
}

/** What lies between the page above and this one: from an empty page in between, or from this one when its copy is older. */
export function gapBefore(cursor: WalkCursor, below: Listed, asked: number): Gap {
  const { low, made, empty } = cursor
  const at = empty ? comesBack({ ...below, aged: false }, 0, empty.until) : comesBack(below, 0, 0)
  return { page: empty?.page ?? asked, low, floor: below.entries[0]?.id ?? '0', made, at }
}
