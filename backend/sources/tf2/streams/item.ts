import { Throttled } from '../../../base/errors'
import { defineStream, type Io } from '../../../contract'
import { type ItemCursor, itemCursor } from '../cursor'
import type { ItemParams } from '../params'
import { type Batch, write } from '../store'
import { readAsk } from './asks'
import { readSellers } from './sellers'
import { type ItemPage, type ItemStep, readFirst } from './snapshot'

/** All listings of one item, or one side of them: its snapshot, then inventories where they are needed, then what has to be asked for one by one. */
export const item = defineStream<ItemCursor, Batch, ItemParams>({
  queue: 'backpack-tf-backfill-requests',
  cursor: itemCursor,
  async read(step, io) {
    const { listed } = step.cursor
    if (!listed) return ended(await readFirst(step, io))
    return ended(await (listed.sellers.length > 0 ? readSellersOrAsks(step, io) : readAsk(step, io)))
  },
  write,
})

/** Steam gives an inventory in 10 s: what can be asked of backpack.tf is asked meanwhile. */
async function readSellersOrAsks(step: ItemStep, io: Io): Promise<ItemPage> {
  const { cursor } = step
  const now = Date.now()
  const isAsked = cursor.listed?.wanted.some((one) => (one.at ?? 0) <= now)
  if (isAsked && (cursor.steamAt ?? 0) > now) return await readAsk(step, io)
  try {
    return await readSellers(step, io)
  } catch (error) {
    // A moment that was promised is lost with the page, so it is waited for.
    if (!(error instanceof Throttled) || error.slotAt || !isAsked) throw error
    return await readAsk({ ...step, cursor: { ...cursor, steamAt: error.until.getTime() } }, io)
  }
}

/** Ends the task once nothing is left to ask, and tells what was kept without proof. */
function ended(page: ItemPage): ItemPage {
  const cursor = page.next as ItemCursor
  if (!cursor.listed || cursor.listed.sellers.length > 0 || cursor.listed.wanted.length > 0) return page
  const reasons = Object.entries(cursor.kept).map(([reason, rows]) => `${rows} kept: ${reason}`)
  const withheld = Object.values(cursor.kept).reduce((sum, rows) => sum + rows, 0)
  return {
    ...page,
    batch: { ...page.batch, counts: { ...page.batch.counts, deletes_withheld: withheld } },
    next: null,
    unverified: reasons.length > 0 ? reasons.join('; ') : undefined,
  }
}
