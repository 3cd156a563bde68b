import type { BadDocument, Entry, RepoState } from './shapes'

/** What was done to the records of one collection of a repo. */
export interface CollectionEdits {
  /** New and rewritten ones, by record key. */
  set: Map<string, Entry>
  gone: Set<string>
  /** Taken down at the host: not listed any more, but still in the repo. */
  hidden: Set<string>
}

/** What was done to one repo. */
export interface RepoEdits {
  state?: RepoState
  document?: BadDocument
  /** The number of the host it moved to. */
  host?: number
  /** Microseconds since 1970. */
  rev?: number
  /** How often it changed. */
  changes?: number
  collections: Map<string, CollectionEdits>
}

export const newEdits = (): RepoEdits => ({ collections: new Map() })

export function editsOf(repo: RepoEdits, collection: string): CollectionEdits {
  const found = repo.collections.get(collection)
  if (found) return found
  const made: CollectionEdits = { set: new Map(), gone: new Set(), hidden: new Set() }
  repo.collections.set(collection, made)
  return made
}

/** The world's entries after the edits, by record key, rising. */
export function edited(base: Entry[], edits: CollectionEdits): Entry[] {
  const kept = base.filter(({ rkey }) => !edits.gone.has(rkey) && !edits.set.has(rkey))
  return [...kept, ...edits.set.values()].sort((a, b) => (a.rkey < b.rkey ? -1 : 1))
}
