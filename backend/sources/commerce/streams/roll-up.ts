import { z } from 'zod'
import type { Tx } from '../../../base/sql'
import { defineStream, type Io, type Page, type Step, type Written } from '../../../contract'
import type { CommerceParams } from '../params'
import { type MarkedDays, nextMarkedDays, rollUp } from '../store/roll-up'

/*
 * Computes the figures of a user's days that pages have marked as changed: one pass, account by account and day by day.
 */

/** Days computed in one page. */
const DAYS_AT_ONCE = 200

const rollUpCursor = z.object({
  /** Days after this one of this account, and of later accounts; null: from the first. */
  account: z.uuid().nullable(),
  day: z.string().nullable(),
})
type RollUpCursor = z.infer<typeof rollUpCursor>

async function read({ cursor, params }: Step<RollUpCursor, CommerceParams>, io: Io): Promise<Page<RollUpCursor, MarkedDays | null>> {
  const marked = await nextMarkedDays(io.held, params.userId, cursor, DAYS_AT_ONCE)
  return { batch: marked ?? null, next: marked ? { account: marked.accountId, day: marked.days.at(-1) ?? null } : null }
}

async function write(tx: Tx, marked: MarkedDays | null): Promise<Written> {
  const days = marked ? await rollUp(tx, marked.accountId, marked.days) : []
  return { new: 0, updated: 0, unchanged: 0, counts: { days_computed: days.length } }
}

export const rollUpStream = defineStream<RollUpCursor, MarkedDays | null, CommerceParams>({
  queue: 'commerce_backfill_queue',
  cursor: rollUpCursor,
  read,
  write,
})
