import type { Io } from '../../../contract'
import { getLatestCommit, unlessLacking } from '../client'
import { hasMissing } from '../store'
import { whereabouts } from './account'
import { repoCursor } from './cursor'
import { ends, noHead, nothing, type RepoPage, type RepoStep } from './repo-page'

/** Times a repo that changes while it is read is read again for the sake of what is gone. */
const AGAIN = 1

/**
 * After everything has been listed: what is held and was not shown is gone, if the repo is still at the revision that was
 * read. If it is not, a record may have come and gone between two pages, and nothing is deleted.
 */
export async function sweepMissing(step: RepoStep, io: Io, pds: string): Promise<RepoPage> {
  const { key: did, cursor } = step
  const { head, again, collections, foundBy, placedAt, hasMoved, marked, rejected } = cursor
  const rev = head?.rev ?? ''
  if (!(await hasMissing(io.held, did, rev, marked))) return await ends(step, io, pds, cursor, {})
  const now = await unlessLacking(getLatestCommit(io, pds, did))
  // Its head came with the list of its host's repos, and cannot be asked for.
  if (!now) return await ends(step, io, pds, { ...cursor, doubted: [...cursor.doubted, ...marked] }, { notes: [noHead(pds)] })
  if ('absent' in now) return await whereabouts(step, io, pds, now.absent)
  if (now.rev === rev && now.cid === head?.cid)
    return await ends(step, io, pds, cursor, { batch: { sweep: { did, rev, collections: marked } } })
  if (again < AGAIN) return nothing(repoCursor.parse({ collections, foundBy, pds, placedAt, hasMoved, rejected, again: again + 1 }))
  return await ends(step, io, pds, cursor, {
    notes: ['repos that changed while they were read keep rows that may be gone until the next run'],
  })
}
