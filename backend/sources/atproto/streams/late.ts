import type { Stream } from '../../../engine/source'
import type { AtprotoParams } from '../params'
import type { Batch } from '../store'
import type { RepoCursor } from './cursor'
import { repo } from './repo'

/** A collection that a relay has listed for a repo after the repo had been read without it; its key is `<did> <collection>`. */
export const late: Stream<RepoCursor, Batch, AtprotoParams> = {
  ...repo,
  read: (step, io) => repo.read({ ...step, key: step.key.split(' ')[0] ?? '' }, io),
}
