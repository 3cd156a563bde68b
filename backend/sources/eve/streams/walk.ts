import { RetryLater, Throttled } from '../../../engine/errors'
import type { Io, NewTask, Page, Step } from '../../../engine/source'
import { type Listed, MAX_PAGE, PAGE_SIZE, readLeast, readPage } from '../client'
import { listingOf, type Want, wantOf } from '../listing'
import { STRAGGLE_MS } from '../months'
import type { EveParams } from '../params'
import { entitiesOf } from '../records'
import type { Batch } from '../store'
import { readBodies } from './bodies'
import type { Gap, WalkCursor } from './cursor'
import { lowest, type Taken, takePage } from './page'

/*
 * A walk reads one listing newest first. One step is one page request, or a few bodies from ESI. Where a walk cannot trust
 * what it got, it reads that stretch again later; nothing it cannot prove is taken for the end.
 */

export type WalkStep = Step<WalkCursor, EveParams>
export type WalkPage = Page<WalkCursor, Batch>

/** Where streams differ. */
export interface Rules {
  /** Pages this stream reads at most. */
  pages: number
  /** After the last page: the walk goes on by smaller partitions. */
  partitions: boolean
  /** A further reason to stop, with everything on the page taken. */
  stop?(page: Listed, io: Io): Promise<boolean>
  /** Runs once the listing is used up and partitions are due. */
  divide?(step: WalkStep, io: Io): Promise<WalkPage>
  /** Tasks that follow this one. */
  follow?(step: WalkStep, cursor: WalkCursor): NewTask[]
}

/** Pages asked for again in a row before it counts as a failure. */
const PATIENCE = 8
/** Bodies that may wait for a second look at ESI while pages are read. */
const MAX_PENDING = 400
/** A parked task comes back one second early. */
const EARLY_MS = 1000

/** One step of a walk. */
export async function readWalk(step: WalkStep, io: Io, rules: Rules): Promise<WalkPage> {
  const { cursor } = step
  const now = Date.now() + EARLY_MS
  if (cursor.pending.some((one) => (one.at ?? 0) <= now)) return finish(step, rules, await readBodies(step, io))
  const isRead = cursor.over && cursor.gaps.length === 0
  if (cursor.pending.length > 0 && (isRead || cursor.pending.length >= MAX_PENDING)) {
    throw new Throttled('a second look at ESI', new Date(Math.min(...cursor.pending.map((one) => one.at ?? 0))))
  }
  if (isRead && rules.divide) return rules.divide(step, io)
  if (cursor.isDoubted) return finish(step, rules, await readEvidence(step, io))
  if (cursor.wait && cursor.wait > now) throw new Throttled('zkillboard cache', new Date(cursor.wait))
  return finish(step, rules, await readListing(step, io, rules))
}

/** Ends the task once nothing is left to read, and names what follows it. */
function finish(step: WalkStep, rules: Rules, page: WalkPage): WalkPage {
  const cursor = settle(page.next as WalkCursor)
  if (!cursor.over || cursor.pending.length > 0 || (cursor.plan && rules.divide)) return { ...page, next: cursor }
  return { ...page, next: null, tasks: rules.follow?.(step, cursor) }
}

/** A stretch that is over makes room for the next one that must be read again. */
function settle(cursor: WalkCursor): WalkCursor {
  const [gap, ...gaps] = cursor.gaps
  if (!cursor.over || !gap) return cursor
  const { page, low, floor, made, at } = gap
  const bottom = lowest(cursor.bottom, cursor.low ? [{ id: cursor.low }] : [])
  return { ...cursor, gaps, page, low, floor, made, wait: at, bottom, over: false, again: 0 }
}

const empty = (next: WalkCursor): WalkPage => ({ batch: { killmails: [], refused: [], again: false }, next, seen: 0 })

async function readListing(step: WalkStep, io: Io, rules: Rules): Promise<WalkPage> {
  const { cursor, params } = step
  const want = wantOf(params)
  const asked = cursor.empty ? Math.min(cursor.empty.page + 1, MAX_PAGE) : cursor.page
  const page = await readPage(io, step.key, asked)
  if (page.entries.length === 0) return empty(onEmpty(cursor, page, asked, rules))
  const isConfirming = cursor.empty !== undefined && asked > cursor.empty.page
  const isStale = !isConfirming && mayHide(page, cursor)
  if ((isConfirming || isStale) && (Number.isFinite(want.cap) || cursor.floor !== undefined)) {
    return empty(again({ ...cursor, page: cursor.empty?.page ?? asked }, page, cursor.empty?.until))
  }
  const taken = await takePage(page, cursor, want, io)
  const next = await advance(step, page, asked, taken, want, rules, io)
  if (isConfirming || isStale) next.gaps = [...next.gaps, gapBefore(cursor, page, asked)]
  return {
    batch: { killmails: taken.killmails, refused: [], again: !want.skipExisting },
    next,
    seen: taken.seen,
    known: taken.known,
    rejected: taken.rejected,
    lookups: entitiesOf(taken.killmails),
  }
}

/**
 * An empty page is the end when a later one is empty too, or when zKillboard gives no later one, and when both copies are
 * younger than the page above them: rows that moved down since would not be on older ones.
 */
function onEmpty(cursor: WalkCursor, page: Listed, asked: number, rules: Rules): WalkCursor {
  const before = cursor.empty
  if (page.past && !before) return { ...cursor, over: true, plan: rules.partitions ? (cursor.plan ?? '?') : undefined }
  // Something below the floor is known to exist: the page has failed.
  if (cursor.floor !== undefined) return again(cursor, page)
  const isOlder = isOlderThanAbove(page, cursor)
  const until = page.aged ? page.expires : 0
  if (!before) return { ...cursor, page: asked, empty: { page: asked, isOlder, until } }
  if (before.isOlder || isOlder) return again({ ...cursor, page: before.page }, page, before.until)
  // A listing seldom ends with a full page, and one without anything may be a failure that both empty pages share.
  if (before.page === 1 || (cursor.lastRows ?? 0) >= PAGE_SIZE / 2) return { ...cursor, isDoubted: true }
  return { ...cursor, empty: undefined, over: true }
}

/** Compares a doubted end with what zKillboard's statistics say there is at least. */
async function readEvidence({ key, cursor }: WalkStep, io: Io): Promise<WalkPage> {
  const least = await readLeast(io, listingOf(key))
  const end = { ...cursor, empty: undefined, isDoubted: undefined }
  if (least === undefined) {
    return { ...empty({ ...end, over: true }), notes: [`the end of ${key} could not be compared with zKillboard's statistics`] }
  }
  if (least <= cursor.rows) return empty({ ...end, over: true })
  const page = cursor.empty?.page ?? cursor.page
  if (cursor.again >= PATIENCE) {
    throw new RetryLater(
      'unsteady_listing',
      `page ${page} stays empty, but zKillboard counts ${least} killmails and has listed ${cursor.rows}`,
    )
  }
  const wait = Math.max(cursor.empty?.until ?? 0, Date.now() + 7500 * 2 ** cursor.again)
  return empty({ ...end, page, again: cursor.again + 1, wait })
}

/** A copy made before that of the page above it may lack what has moved down since, unless the two overlap. */
function mayHide(page: Listed, cursor: WalkCursor): boolean {
  return isOlderThanAbove(page, cursor) && Number(page.entries[0]?.id) < Number(cursor.low)
}

/** Both moments come from headers in whole seconds. */
const isOlderThanAbove = (page: Listed, { made }: WalkCursor): boolean => made !== undefined && page.made < made - 1500

/** A page once more: at once the first time, unless a cache would only repeat itself. */
function again(cursor: WalkCursor, page: Listed, notBefore = 0): WalkCursor {
  const at = comesBack(page, cursor.again, notBefore)
  if (cursor.again >= PATIENCE) {
    throw new RetryLater('unsteady_listing', `page ${cursor.page} stays empty or older than the page above it`, new Date(at))
  }
  return { ...cursor, empty: undefined, again: cursor.again + 1, wait: at }
}

function comesBack(page: Listed, tries: number, notBefore: number): number {
  const expired = Math.max(page.aged ? page.expires : 0, notBefore)
  return Math.max(expired === 0 ? 0 : expired + 1000, tries === 0 ? 0 : Date.now() + 7500 * 2 ** tries)
}

/** What lies between the page above and this one: from an empty page in between, or from this one when its copy is older. */
function gapBefore(cursor: WalkCursor, below: Listed, asked: number): Gap {
  const { low, made, empty } = cursor
  const at = empty ? comesBack({ ...below, aged: false }, 0, empty.until) : comesBack(below, 0, 0)
  return { page: empty?.page ?? asked, low, floor: below.entries[0]?.id ?? '0', made, at }
}

/** Where the walk stands after a page it has taken. */
async function advance(step: WalkStep, page: Listed, asked: number, taken: Taken, want: Want, rules: Rules, io: Io): Promise<WalkCursor> {
  const { cursor } = step
  const times = page.entries.flatMap((entry) => entry.time ?? [])
  const next: WalkCursor = {
    ...cursor,
    page: asked,
    empty: undefined,
    wait: undefined,
    again: 0,
    rows: cursor.rows + (taken.cut ? 0 : page.entries.length),
    lastRows: page.entries.length,
    made: page.made,
    low: taken.low,
    counted: taken.counted,
    oldest: Math.min(cursor.oldest ?? Number.POSITIVE_INFINITY, ...times, Date.now()),
    pending: [...cursor.pending, ...taken.pending],
    old: undefined,
  }
  if (taken.counted >= want.cap) return { ...next, over: true }
  if (taken.cut) return next
  const isOld = times.every((time) => time < want.from - STRAGGLE_MS)
  const untimed = page.entries.length - times.length
  if (isOld && untimed === 0) return { ...next, over: true }
  if (isOld && untimed === taken.pending.filter((one) => one.unseen).length) next.old = true
  if (cursor.floor !== undefined && Number(next.low) <= Number(cursor.floor)) return { ...next, over: true }
  if (await rules.stop?.(page, io)) return { ...next, over: true }
  if (asked < rules.pages) return { ...next, page: asked + 1 }
  return { ...next, over: true, plan: rules.partitions ? planFrom(cursor, times) : undefined }
}

/** Partitions start at the oldest killmail seen; where a stretch read again ran out of pages, at that stretch. */
function planFrom(cursor: WalkCursor, times: number[]): string {
  if (cursor.floor === undefined) return cursor.plan ?? '?'
  const month = new Date(Math.min(...times, Date.now()) + STRAGGLE_MS).toISOString().slice(0, 7)
  return cursor.plan && cursor.plan > month ? cursor.plan : month
}
