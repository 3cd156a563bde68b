import type { Page, Reject, Step } from '../../../engine/source'
import type { AtprotoParams } from '../params'
import { uriOf } from '../records'
import type { Batch } from '../store'
import type { RepoCursor } from './cursor'

export type RepoStep = Step<RepoCursor, AtprotoParams>
export type RepoPage = Page<RepoCursor, Batch>

/** A step that has nothing to store. */
export const nothing = (next: RepoCursor): RepoPage => ({ batch: {}, next, seen: 0 })

/** Of these, the ones that this task has not set aside yet. */
export function newlyAside({ aside }: RepoCursor, rejected: readonly Reject[]): Reject[] {
  if (aside.length === 0) return [...rejected]
  const told = new Set(aside)
  return rejected.filter(({ key }) => !told.has(key))
}

/** The end of a repo: what was read to its end is noted with the revision, so that the next run can leave it alone. */
export function ends({ key: did }: RepoStep, cursor: RepoCursor, page: Partial<RepoPage>): RepoPage {
  const { rev = '', collections, doubted, counts, aside } = cursor
  const asideOf = (collection: string) => aside.filter((uri) => uri.startsWith(uriOf(did, collection, ''))).length
  const read = collections.filter((collection) => !doubted.includes(collection))
  const synced = Object.fromEntries(
    read.map((collection) => [collection, { rev, records: counts[collection] ?? 0, aside: asideOf(collection) }]),
  )
  return { seen: 0, ...page, batch: { ...page.batch, synced: [{ did, rev, synced }] }, next: null }
}
