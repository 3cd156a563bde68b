import { Refused } from '../../base/errors'
import { MAX_LIMIT } from '../../base/vocabulary'
import { cursorsOf, type Page, type PageAsk } from '../../service/base/cursor'

/** Arguments of a connection. */
export interface Window {
  first?: number | null
  after?: string | null
}

/** @throws {Refused} `input` */
export function askOf({ first, after }: Window): PageAsk {
  if (first != null && (first < 1 || first > MAX_LIMIT))
    throw new Refused('input', `first must be a whole number from 1 to ${MAX_LIMIT}, got ${first}.`, 'first')
  return { limit: first ?? undefined, cursor: after ?? undefined }
}

/** A page of a list as a Relay connection; lists are paged forward only. */
export function connection<T>(page: Page<T>, window: Window) {
  const cursors = cursorsOf(page)
  return {
    nodes: page.items,
    edges: page.items.map((node, at) => ({ node, cursor: cursors[at] })),
    pageInfo: {
      hasNextPage: page.next !== null,
      hasPreviousPage: Boolean(window.after),
      startCursor: cursors[0] ?? null,
      endCursor: cursors.at(-1) ?? null,
    },
  }
}
