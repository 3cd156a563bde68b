import { Throttled } from '../../../base/errors'
import type { Io } from '../../../contract'
import { type Listed, MAX_PAGE, readPage } from '../client'
import { type Want, wantOf } from '../listing'
import { STRAGGLE_MS } from '../months'
import { entitiesOf } from '../records'
import { readBodies } from './bodies'
import type { WalkCursor } from './cursor'
import { again, gapBefore, mayHide, nothing, onEmpty, readEvidence } from './doubt'
import { lowest, type Taken, takePage } from './page'
import type { Rules, WalkPage, WalkStep } from './rules'

/*
 * A walk reads one listing newest first. One step is one page request, or a few bodies from ESI. Where a walk cannot trust
 * what it got, it reads that stretch again later; nothing it cannot prove is taken for the end.
 */

/** Bodies that may wait for a second request to ESI while pages are read. */
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
    throw new Throttled('a second request to ESI', new Date(Math.min(...cursor.pending.map((one) => one.at ?? 0))))
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

/** What a page lists, odd entries too. */
const rowsOn = ({ entries, rejected }: Listed): number => entries.length + rejected.length

async function readListing(step: WalkStep, io: Io, rules: Rules): Promise<WalkPage> {
  const { cursor, params } = step
  const want = wantOf(params)
  const asked = cursor.empty ? Math.min(cursor.empty.page + (cursor.isRepeated ? 0 : 1), MAX_PAGE) : cursor.page
  const page = await readPage(io, step.key, asked)
  if (rowsOn(page) === 0) return nothing(onEmpty(cursor, page, asked, rules))
  const isConfirming = cursor.empty !== undefined && asked > cursor.empty.page
  const isStale = !isConfirming && mayHide(page, cursor)
  if ((isConfirming || isStale) && (Number.isFinite(want.cap) || cursor.floor !== undefined)) {
    return nothing(again({ ...cursor, page: cursor.empty?.page ?? asked }, page, cursor.empty?.until))
  }
  const taken = await takePage(page, cursor, want, io)
  const next = await advance(step, page, asked, taken, want, rules, io)
  if (isConfirming || isStale) next.gaps = [...next.gaps, gapBefore(cursor, page, asked)]
  return {
    batch: { killmails: taken.killmails, refused: [], again: !want.skipExisting },
    next,
    known: taken.known,
    rejected: taken.rejected,
    lookups: entitiesOf(taken.killmails),
  }
}

/** Where the walk stands after a page it has taken. */
async function advance(step: WalkStep, page: Listed, asked: number, taken: Taken, want: Want, rules: Rules, io: Io): Promise<WalkCursor> {
  const { cursor } = step
  const times = page.entries.flatMap((entry) => entry.time ?? [])
  const next: WalkCursor = {
    ...cursor,
    page: asked,
    empty: undefined,
    isRepeated: undefined,
    wait: undefined,
    again: 0,
    rows: cursor.rows + (taken.cut ? 0 : rowsOn(page)),
    lastRows: rowsOn(page),
    made: page.made,
    low: taken.low,
    counted: taken.counted,
    oldest: Math.min(cursor.oldest ?? Number.POSITIVE_INFINITY, ...times, Date.now()),
    pending: [...cursor.pending, ...taken.pending],
    old: undefined,
  }
  if (taken.counted >= want.cap) return { ...next, over: true }
  if (taken.cut) return next
  const isOld = page.entries.length > 0 && times.every((time) => time < want.from - STRAGGLE_MS)
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
