import type { Stream } from '../../../contract'
import type { AtprotoParams } from '../params'
import { type Batch, write } from '../store'
import { type Discovery, discovery } from './cursor'
import { discover } from './discovery'
import { targetsOf } from './targets'

/** Repos named in the request, by DID or handle. */
export const named: Stream<Discovery, Batch, AtprotoParams> = {
  queue: 'atproto_backfill_queue',
  cursor: discovery,
  read: async (step, io) => await discover(step, io, { collections: await targetsOf(step.params, io) }, async () => ({ found: [] })),
  write,
}
