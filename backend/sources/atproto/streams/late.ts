import type { Stream } from '../../../contract'
import type { AtprotoParams } from '../params'
import type { Batch } from '../store'
import { beforeFailing } from './account'
import type { RepoCursor } from './cursor'
import { repo } from './repo'
import type { RepoStep } from './repo-page'

const ofRepo = (step: RepoStep): RepoStep => ({ ...step, key: step.key.split(' ')[0] ?? '' })

/** A collection that a relay has listed for a repo after the repo had been read without it; its key is `<did> <collection>`. */
export const late: Stream<RepoCursor, Batch, AtprotoParams> = {
  ...repo,
  read: (step, io) => repo.read(ofRepo(step), io),
  beforeFailing: (step, io, byItself) => beforeFailing(ofRepo(step), io, byItself),
}
