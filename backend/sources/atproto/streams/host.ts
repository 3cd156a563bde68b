import type { Stream } from '../../../contract'
import { listRepos } from '../client'
import type { AtprotoParams } from '../params'
import { type Batch, write } from '../store'
import { type Discovery, discovery } from './cursor'
import { discover } from './discovery'
import { targetsOf } from './targets'

/** Every repo of one host, with its head: what has not changed since costs no request of its own. */
export const host: Stream<Discovery, Batch, AtprotoParams> = {
  queue: 'atproto_backfill_queue',
  laneIsHost: true,
  discovers: true,
  cursor: discovery,
  async read(step, io) {
    return await discover(step, io, { collections: await targetsOf(step.params, io) }, async (at) => {
      const { repos, cursor } = await listRepos(io, step.key, at)
      const found = repos.map(({ did, head, active = true, status }) => ({
        name: did,
        host: step.key,
        head,
        ...(active ? {} : { inactive: status ?? 'without a reason' }),
      }))
      return { found, next: cursor }
    })
  },
  write,
}
