import type { Stream } from '../../../engine/source'
import type { AtprotoParams } from '../params'
import { relayTask } from '../plan'
import { type Batch, write } from '../store'
import { type Discovery, discovery } from './cursor'
import { targetsOf } from './targets'

/** The collections of every uploaded lexicon that asks for it, a discovery for each. */
export const collections: Stream<Discovery, Batch, AtprotoParams> = {
  queue: 'atproto_backfill_queue',
  cursor: discovery,
  read: async ({ params }, io) => ({ batch: {}, next: null, seen: 0, tasks: (await targetsOf(params, io)).map(relayTask) }),
  write,
}
