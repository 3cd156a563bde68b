import type { Io, Page, Reject, Step } from '../../../contract'
import type { AtprotoParams } from '../params'
import { lateTask } from '../plan'
import { uriOf } from '../records'
import type { Batch } from '../store'
import { heldRepos } from '../store-repos'
import type { RepoCursor } from './cursor'

export type RepoStep = Step<RepoCursor, AtprotoParams>
export type RepoPage = Page<RepoCursor, Batch>

/** A step that has nothing to store. */
export const nothing = (next: RepoCursor): RepoPage => ({ batch: {}, next })

/** Those that this task has not rejected before. */
export function newlyRejected(cursor: RepoCursor, rejected: readonly Reject[]): Reject[] {
  if (cursor.rejected.length === 0) return [...rejected]
  const before = new Set(cursor.rejected)
  return rejected.filter(({ key }) => !before.has(key))
}

/** What a host that has no `getLatestCommit` means for the rows. */
export const noHead = (pds: string): string =>
  `hosts do not name the head of a repo: deletions were not searched for, and their repos are read again next time (${pds})`

/**
 * The end of a repo: what was read to its end is noted with the head, so that the next run can leave it alone. A collection that
 * a relay has listed meanwhile is read by a task of its own.
 */
export async function ends({ key: did }: RepoStep, io: Io, pds: string, cursor: RepoCursor, page: Partial<RepoPage>): Promise<RepoPage> {
  const { head, reads, doubted, counts, rejected, unlisted, unchanged } = cursor
  if (!head) {
    const batch = { ...page.batch, synced: [{ did, synced: {}, unlisted: [] }] }
    return { ...page, batch, next: null, notes: [...(page.notes ?? []), noHead(pds)] }
  }
  const rejectedOf = (collection: string) => rejected.filter((uri) => uri.startsWith(uriOf(did, collection, ''))).length
  const read = reads.filter((collection) => !doubted.includes(collection))
  const synced = Object.fromEntries(
    read.map((collection) => [collection, { ...head, records: counts[collection] ?? 0, rejected: rejectedOf(collection) }]),
  )
  const listed = unlisted.length > 0 ? ((await heldRepos(io.held, [did])).get(did)?.listed ?? []) : []
  const late = unlisted.filter((collection) => listed.includes(collection))
  const left = unlisted.filter((collection) => !late.includes(collection))
  const kept = unchanged.records - unchanged.rejected
  const listedNow = Object.values(counts).reduce((sum, records) => sum + records, 0)
  return {
    ...page,
    known: (page.known ?? 0) + kept,
    // Rejected records of a collection that is left alone are still missing.
    ...(unchanged.rejected > 0 ? { expected: listedNow + unchanged.records } : {}),
    batch: { ...page.batch, synced: [{ did, rev: head.rev, synced, unlisted: left }] },
    next: null,
    tasks: late.map((collection) => lateTask(did, collection, pds, pds)),
  }
}
