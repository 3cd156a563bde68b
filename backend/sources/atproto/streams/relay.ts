import type { Stream } from '../../../contract'
import { listReposByCollection } from '../client'
import type { AtprotoParams } from '../params'
import { type Batch, relayCursor, write } from '../store'
import { type Discovery, discovery } from './cursor'
import { discover } from './discovery'
import { targetsOf } from './targets'

/** Repos that have records of one collection, by the relay's index. It never forgets a repo, and the list keeps its order. */
export const relay: Stream<Discovery, Batch, AtprotoParams> = {
  queue: 'atproto_backfill_queue',
  cursor: discovery,
  async read(step, io) {
    const { key: collection, params } = step
    const { base } = io.http('relay')
    // A repo is one task, whichever of the collections it was found by.
    return await discover(step, io, { collections: await targetsOf(params, io), foundBy: collection }, async (at) => {
      const from = at ?? (params.newOnly ? await relayCursor(io.held, base, collection) : undefined)
      const { repos, cursor } = await listReposByCollection(io, collection, from)
      return {
        found: repos.map(({ did }) => ({ name: did })),
        next: cursor,
        // The last page has no cursor; the one before it lists what is new since.
        batch: cursor === undefined ? {} : { relay: { relay: base, collection, cursor } },
      }
    })
  },
  write,
}
