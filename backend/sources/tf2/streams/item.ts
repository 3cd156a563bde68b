import { defineStream } from '../../../contract'
import { type ItemCursor, itemCursor } from '../cursor'
import type { ItemParams } from '../params'
import { type Batch, write } from '../store'
import { readAsks } from './asks'
import { readSellers } from './sellers'
import { type ItemPage, readFirst } from './snapshot'

/** All listings of one item, or one side of them: its snapshot, then inventories where they are needed, then what has to be asked for one by one. */
export const item = defineStream<ItemCursor, Batch, ItemParams>({
  queue: 'backpack-tf-backfill-requests',
  cursor: itemCursor,
  async read(step, io) {
    const { listed } = step.cursor
    const page = await (!listed ? readFirst(step, io) : listed.sellers.length > 0 ? readSellers(step, io) : readAsks(step, io))
    return ended(page)
  },
  write,
})

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
