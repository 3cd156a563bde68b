import type { NewTask, Plan } from '../../contract'
import { PAGE_SIZE } from './client'
import { keyOf, type Listing, wantOf, wholeListing } from './listing'
import { monthsBetween, monthsOfWindow } from './months'
import { type BackfillParams, type EveParams, entityOf } from './params'
import { emptyCursor, type WalkCursor } from './streams/cursor'

/** zKillboard answers one request at a time, so tasks of a job never run side by side. */
export const LANE = 'zkillboard'

/** A task of a listing, in the lane of zKillboard. */
export const task = (stream: string, key: string, cursor: object): NewTask => ({ stream, key, lane: LANE, cursor: { ...cursor } })

/** First tasks of a job; the same for the same params. */
export function plan(params: EveParams): Plan {
  if (params.mode === 'values') {
    return {
      tasks: [task('values', 'all', { after: '0' })],
      activeKey: 'killmail-values',
      estimate: { requests: { zkillboard: null }, note: 'one request for each killmail stored without values' },
    }
  }
  if (params.mode === 'recent') {
    const { kind, id } = entityOf(params)
    return {
      tasks: [task('recent', `${kind}/${id}`, emptyCursor())],
      activeKey: `recent:${kind}:${id}`,
      estimate: { requests: { zkillboard: null }, note: 'at most 10 pages' },
    }
  }
  return planBackfill(params)
}

function planBackfill(params: BackfillParams): Plan {
  const listing = wholeListing(params)
  const { fromDate, toDate } = params.options
  const activeKey = ['killmails', listing.kind, listing.id, ...(listing.side ? [listing.side] : [])].join(':')
  // Without a first day the months would be all of the entity's life, most of them empty and each three requests; the pages
  // are at most 100.
  if (!toDate || !fromDate)
    return { tasks: [task('killmails', keyOf(listing), emptyCursor())], activeKey, estimate: estimateOfWalk(params) }
  const want = wantOf(params)
  const { newest, oldest } = monthsOfWindow(want.from, want.until)
  const months = monthsBetween(newest, oldest).length
  return {
    tasks: monthTasks(listing, newest, oldest, want.cap, emptyCursor()),
    activeKey,
    estimate: {
      requests: { zkillboard: 3 * months },
      note: `${months} month${months === 1 ? '' : 's'}, at least 3 requests each: a page, and two empty ones that prove the end`,
    },
  }
}

function estimateOfWalk({ options: { maxPages, limit, toDate } }: BackfillParams): Plan['estimate'] {
  if (maxPages === undefined || toDate) return { requests: { zkillboard: null }, note: 'zKillboard does not say how many pages there are' }
  return {
    requests: { zkillboard: Math.ceil((maxPages * limit) / PAGE_SIZE) },
    note: `at most ${maxPages * limit} killmails, ${PAGE_SIZE} on a page of zKillboard`,
  }
}

/**
 * A task for each month, newest first. With a cap only the first of them: each makes the next one, because how many
 * killmails a month may still count is known when the newer one has ended.
 */
export function monthTasks(listing: Listing, newest: string, oldest: string, cap: number, from: WalkCursor): NewTask[] {
  const start = { ...emptyCursor(), counted: from.counted, ...(from.low ? { low: from.low } : {}) }
  const months = monthsBetween(newest, oldest)
  const chained = Number.isFinite(cap)
  return (chained ? months.slice(0, 1) : months).map((month) =>
    task('months', keyOf({ ...listing, month }), chained ? { ...start, last: oldest } : start),
  )
}
