import type { Stream } from '../../../contract'
import type { AtprotoParams } from '../params'
import { relayTask } from '../plan'
import { type Batch, write } from '../store'
import { type Discovery, discovery } from './cursor'
import { targetsOf } from './targets'

/** The collections of every uploaded lexicon that asks for it, a discovery for each. */
export const collections: Stream<Discovery, Batch, AtprotoParams> = {
  queue: 'atproto_backfill_queue',
  cursor: discovery,
  async read({ params }, io) {
    const targets = await targetsOf(params, io)
    const [row] = await io.held.query<{ now: Date }>('select clock_timestamp() as now')
    const began = targets.length > 1 ? row?.now.toISOString() : undefined
    return { batch: {}, next: null, tasks: targets.map((collection) => relayTask(collection, began)) }
  },
  write,
}
