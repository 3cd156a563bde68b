import type { Stream } from '../../../engine/source'
import type { EveParams } from '../params'
import { type WalkCursor, walkCursor } from './cursor'

export const values: Stream<WalkCursor, never[], EveParams> = {
  queue: 'zkillboard_backfill_queue',
  cursor: walkCursor,
  read: async () => ({ batch: [], next: null, seen: 0 }),
  write: async () => ({ new: 0, updated: 0 }),
}
