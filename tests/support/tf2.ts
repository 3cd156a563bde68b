import { documentOf } from '../../backend/sandbox/tf2/documents'
import { Market, type Offer } from '../../backend/sandbox/tf2/market'
import { contentOf, listing } from '../../backend/sources/tf2/records'
import type { Statement } from '../../backend/sources/tf2/store'
import { type Moment, RANK } from '../../backend/sources/tf2/truth'

/** A market of its own, for documents to test with. */
export const market = (more: { buys?: number; sells?: number; clock?: () => number } = {}): Market =>
  new Market({ seed: 3, buys: 1, sells: 1, clock: () => Date.UTC(2026, 5, 30), ...more })

/** A whole listing of the sandbox. */
export const documentFor = (change: Partial<Offer> = {}): Record<string, unknown> => {
  const [offer] = market().listed('Strange Bat')
  return documentOf({ ...(offer as Offer), ...change })
}

/** A moment by its seconds. */
export const moment = (at: number, rank: keyof typeof RANK = 'answer', event = ''): Moment => ({ at, rank: RANK[rank], event })

/** That a listing is as this document says; without one, that it is gone. */
export function statementOf(id: string, at: Moment, document?: Record<string, unknown>): Statement {
  if (!document) return { id, moment: at }
  return { id, moment: at, content: contentOf(listing.parse(document)), document: document as never }
}
