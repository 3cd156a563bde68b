import { defineStream } from '../../../contract'
import { readListing } from '../client'
import { plainCursor } from '../cursor'
import type { ListingParams } from '../params'
import { contentOf } from '../records'
import { type Batch, write } from '../store'

/** One listing by its id: its row follows what backpack.tf says. */
export const listing = defineStream<unknown, Batch, ListingParams>({
  queue: 'backpack-tf-backfill-requests',
  cursor: plainCursor,
  async read({ key: id }, io) {
    const began = Date.now()
    const asked = await readListing(io, id)
    const counts = { [`listings_${asked.kind}`]: 1 }
    const nothing = { batch: { statements: [], began, counts }, next: null }
    if (asked.kind === 'unknown') return { ...nothing, unverified: `the row is kept: ${asked.why}` }
    if (asked.kind === 'bad') return { ...nothing, rejected: [{ key: id, reason: 'schema', detail: asked.detail, raw: asked.raw }] }
    const content = asked.kind === 'found' ? { content: contentOf(asked.listing), document: asked.document } : {}
    return { batch: { statements: [{ id, moment: asked.moment, ...content }], began, counts }, next: null }
  },
  write,
})
