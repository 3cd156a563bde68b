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

/** Of these, the ones that this task has not set aside yet. */
export function newlyAside({ aside }: RepoCursor, rejected: readonly Reject[]): Reject[] {
  if (aside.length === 0) return [...rejected]
  const told = new Set(aside)
  return rejected.filter(({ key }) => !told.has(key))
}

/** What a host that has no `getLatestCommit` means for the rows. */
export const noHead = (pds: string): string =>
  `hosts do not tell the head of a repo: records that are gone were not looked for, and all are read again the next time (${pds})`

/**
 * The end of a repo: what was read to its end is noted with the head, so that the next run can leave it alone. A collection that
 * a relay has listed meanwhile is read by a task of its own.
 */
export async function ends({ key: did }: RepoStep, io: Io, pds: string, cursor: RepoCursor, page: Partial<RepoPage>): Promise<RepoPage> {
  const { head, reads, doubted, counts, aside, unlisted, unchanged } = cursor
  if (!head) {
    const batch = { ...page.batch, synced: [{ did, synced: {}, unlisted: [] }] }
    return { ...page, batch, next: null, notes: [...(page.notes ?? []), noHead(pds)] }
  }
  const asideOf = (collection: string) => aside.filter((uri) => uri.startsWith(uriOf(did, collection, ''))).length
  const read = reads.filter((collection) => !doubted.includes(collection))
  const synced = Object.fromEntries(
    read.map((collection) => [collection, { ...head, records: counts[collection] ?? 0, aside: asideOf(collection) }]),
  )
  const listed = unlisted.length > 0 ? ((await heldRepos(io.held, [did])).get(did)?.listed ?? []) : []
  const late = unlisted.filter((collection) => listed.includes(collection))
  const left = unlisted.filter((collection) => !late.includes(collection))
  const kept = unchanged.records - unchanged.aside
  const listedNow = Object.values(counts).reduce((sum, records) => sum + records, 0)
  return {
    ...page,
    known: (page.known ?? 0) + kept,
    // What was set aside in a collection that is left alone is missing still.
    ...(unchanged.aside > 0 ? { expected: listedNow + unchanged.records } : {}),
    batch: { ...page.batch, synced: [{ did, rev: head.rev, synced, unlisted: left }] },
    next: null,
    tasks: late.map((collection) => lateTask(did, collection, pds, pds)),
  }
}
