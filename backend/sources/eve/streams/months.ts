import { Fatal } from '../../../base/errors'
import type { NewTask, Stream } from '../../../contract'
import { MAX_PAGE } from '../client'
import { keyOf, listingOf, wantOf } from '../listing'
import { previousMonth } from '../months'
import type { EveParams } from '../params'
import { monthTasks, task } from '../plan'
import { type Batch, known, write } from '../store'
import { emptyCursor, type WalkCursor, walkCursor } from './cursor'
import { nothing } from './doubt'
import type { Rules, WalkPage, WalkStep } from './rules'
import { readWalk } from './walk'

/** A month with more than 100 pages is read by sides; there is nothing smaller that covers everything. */
async function divide({ key, cursor, params }: WalkStep): Promise<WalkPage> {
  const listing = listingOf(key)
  if (listing.side || Number.isFinite(wantOf(params).cap)) {
    throw new Fatal(
      'truncated',
      `${key} has more than ${MAX_PAGE} pages and zKillboard gives no more; the older part of this month is missing`,
    )
  }
  const start = { ...emptyCursor(), low: cursor.bottom ?? cursor.low }
  const tasks = (['kills', 'losses'] as const).map((side) => task('months', keyOf({ ...listing, side }), start))
  return { ...nothing(cursor), next: null, tasks }
}

/** The next month of a chain, as long as the cap leaves something to count. */
function follow({ key, params }: WalkStep, cursor: WalkCursor): NewTask[] {
  const { month, ...listing } = listingOf(key)
  const { cap } = wantOf(params)
  if (!cursor.last || !month || cursor.counted >= cap) return []
  return monthTasks(listing, previousMonth(month), cursor.last, cap, { ...cursor, low: cursor.bottom ?? cursor.low })
}

const rules: Rules = { pages: MAX_PAGE, partitions: true, divide, follow }

/** Killmails of one month of a listing. */
export const months: Stream<WalkCursor, Batch, EveParams> = {
  queue: 'zkillboard_backfill_queue',
  cursor: walkCursor,
  read: (step, io) => readWalk(step, io, rules),
  known,
  write,
  cell(key) {
    const { month = '', side } = listingOf(key)
    const [year = '', number = ''] = month.split('-')
    return { row: side ? `${year} ${side}` : year, column: number }
  },
}
