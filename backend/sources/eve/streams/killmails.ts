import type { Io, Stream } from '../../../contract'
import { MAX_PAGE, readBirth } from '../client'
import { listingOf, wantOf } from '../listing'
import { FIRST_MONTH, monthOf, monthsOfWindow, STRAGGLE_MS } from '../months'
import type { EveParams } from '../params'
import { monthTasks } from '../plan'
import { type Batch, known, write } from '../store'
import { type WalkCursor, walkCursor } from './cursor'
import { nothing } from './doubt'
import type { Rules, WalkPage, WalkStep } from './rules'
import { readWalk } from './walk'

/** Months down to the entity's first one, where 100 pages were not enough; none after the window's last. */
async function planMonths({ key, cursor, params }: WalkStep, io: Io): Promise<WalkPage> {
  const listing = listingOf(key)
  const want = wantOf(params)
  const born = Number.isFinite(want.from) ? undefined : await readBirth(io, listing.kind, listing.id)
  const from = Number.isFinite(want.from) ? want.from : (born?.getTime() ?? Date.parse(`${FIRST_MONTH}-01`))
  const { newest: last, oldest } = monthsOfWindow(from, want.until)
  const seen = monthOf(Math.min(Date.now(), (cursor.oldest ?? Date.now()) + STRAGGLE_MS))
  const newest = cursor.plan === '?' ? seen : (cursor.plan ?? seen)
  const tasks = monthTasks(listing, newest < last ? newest : last, oldest, want.cap, { ...cursor, low: cursor.bottom ?? cursor.low })
  return { ...nothing(cursor), next: null, tasks }
}

const rules: Rules = { pages: MAX_PAGE, partitions: true, divide: planMonths }

/** Killmails of a character, corporation or alliance, newest first. */
export const killmails: Stream<WalkCursor, Batch, EveParams> = {
  queue: 'zkillboard_backfill_queue',
  cursor: walkCursor,
  read: (step, io) => readWalk(step, io, rules),
  known,
  write,
}
