import type { Io, Stream } from '../../../contract'
import { describeRepo, getLatestCommit, unlessLacking } from '../client'
import type { AtprotoParams } from '../params'
import { type Batch, heldCollections, known, write } from '../store'
import { heldRepos, isSyncedAt, type Synced } from '../store-repos'
import { beforeFailing, followHandle, placeRepo, whereabouts } from './account'
import { type RepoCursor, repoCursor } from './cursor'
import { startListing, sweepable } from './listing'
import { readPages } from './pages'
import { ends, nothing, type RepoPage, type RepoStep } from './repo-page'
import { readSnapshot } from './snapshot'
import { sweepMissing } from './sweep'

/** A repo with so many rows held costs less whole than page by page. */
const LARGE = 2_000

/** The records of one repo, from its host: what is new, changed and gone since it was last read. */
export const repo: Stream<RepoCursor, Batch, AtprotoParams> = {
  queue: 'atproto_backfill_queue',
  laneIsHost: true,
  cursor: repoCursor,
  known,
  write,
  beforeFailing,
  async read(step, io) {
    const { cursor } = step
    if (!step.key.startsWith('did:')) return await followHandle(step, io)
    const { pds } = cursor
    if (pds === undefined) return await placeRepo(step, io)
    if (cursor.todo === undefined) return await open(step, io, pds)
    return await proceed(step, io, pds)
  },
}

async function proceed(step: RepoStep, io: Io, pds: string): Promise<RepoPage> {
  if (step.cursor.car) return await readSnapshot(step, io, pds)
  return step.cursor.listing ? await readPages(step, io, pds) : await sweepMissing(step, io, pds)
}

/** Finds out what there is to read, and reads the first of it. */
async function open(step: RepoStep, io: Io, pds: string): Promise<RepoPage> {
  const { key: did, cursor, params } = step
  const head = cursor.head ?? (await unlessLacking(getLatestCommit(io, pds, did)))
  if (head && 'absent' in head) return await whereabouts(step, io, pds, head.absent)
  const held = (await heldRepos(io.held, [did])).get(did)
  const isFresh = (collection: string) => head !== undefined && isSyncedAt(held?.synced[collection], head)
  const known = cursor.collections.filter(isFresh).flatMap((collection) => held?.synced[collection] ?? [])
  const stale = cursor.collections.filter((collection) => !isFresh(collection))
  if (stale.length === 0) return unchanged(sumOf(known))
  const rows = await heldCollections(io.held, did, cursor.collections)
  const listed = new Set([...rows, ...(held?.listed ?? []), ...(cursor.foundBy === undefined ? [] : [cursor.foundBy])])
  // Without a head nothing is noted as read, so what was left out would stay unknown.
  const present = head && stale.length > 1 ? await unlessLacking(describeRepo(io, pds, did)) : { collections: stale }
  if (present && 'absent' in present) return await whereabouts(step, io, pds, present.absent)
  // What either side lists is read, even if the other leaves it out.
  const reads = stale.filter((collection) => !present || listed.has(collection) || present.collections.includes(collection))
  const [first] = reads
  const next: RepoCursor = {
    ...cursor,
    head,
    todo: reads,
    reads,
    unlisted: stale.filter((collection) => !reads.includes(collection)),
    unchanged: sumOf(known),
  }
  if (first === undefined) return await ends(step, io, pds, next, known.length > 0 ? { skipped: 'unchanged' } : {})
  const isLarge = cursor.collections.some((collection) => (held?.synced[collection]?.records ?? 0) >= LARGE)
  next.rows = [...rows]
  next.listing = startListing(first, sweepable(next))
  if (params.method === 'car' || (params.method === 'auto' && isLarge && !cursor.isLarge)) next.car = {}
  if (!io.more()) return nothing(next)
  return await proceed({ ...step, cursor: next }, io, pds)
}

/** Records that were rejected when it was read are still missing, and the report counts them. */
function unchanged({ records, rejected }: RepoCursor['unchanged']): RepoPage {
  const known = records - rejected
  return { batch: {}, next: null, skipped: 'unchanged', known, ...(rejected > 0 ? { expected: records } : {}) }
}

const sumOf = (synced: readonly Synced[]): RepoCursor['unchanged'] => ({
  records: synced.reduce((sum, it) => sum + it.records, 0),
  rejected: synced.reduce((sum, it) => sum + it.rejected, 0),
})
