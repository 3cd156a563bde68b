import { z } from 'zod'
import type { Page } from '../../../../contract'
import type { Account } from '../../store/accounts'
import { deleteUnseen } from '../../store/write'
import type { PageBatch } from '../../streams/page'
import type { ShopifyIo } from '../client'
import { questionsOf } from './questions'
import { shopOf, type Target, type Transport, target } from './target'

/*
 * How far a list is read page by page, and how it ends: with a proof, or with a reason.
 */

/** A list that does not add up is read so often before it fails. */
const ROUNDS = 2

export const pages = target.extend({
  /** Of GraphQL, where the next page begins; of REST, the last id. Null: at the start. */
  after: z.string().nullable(),
  /** Entries so far, and those of them that are in the window. */
  seen: z.number(),
  inside: z.number(),
  /** Entries that could not be read. */
  rejects: z.number(),
  /** Entries that tasks of their own read. */
  apart: z.number(),
  /** How often it was read before. */
  round: z.number(),
  /** When the first page was asked for, ISO 8601. */
  since: z.string().nullable(),
})
export type Pages = z.infer<typeof pages>

export const firstPages = (at: Target): Pages => ({ ...at, after: null, seen: 0, inside: 0, rejects: 0, apart: 0, round: 0, since: null })

/** Where the list stands after a page. */
export const advanced = (
  at: Pages,
  page: { seen: number; inside: number; rejects: number; apart?: number; after: string | null; sentAt: Date },
): Pages => ({
  ...at,
  after: page.after,
  seen: at.seen + page.seen,
  inside: at.inside + page.inside,
  rejects: at.rejects + page.rejects,
  apart: at.apart + (page.apart ?? 0),
  since: at.since ?? page.sentAt.toISOString(),
})

type End = Pick<Page<Pages, PageBatch>, 'next' | 'failed' | 'unverified'> & { also?: PageBatch['also'] }

/**
 * How a list ends that was read to its end. What was read must be what Shopify counted, before or after it: objects may be deleted
 * meanwhile. Shopify may list whole days, and count so too.
 * @param transport by which it is counted again
 */
export async function endOf(io: ShopifyIo, account: Account, at: Pages, transport: Transport): Promise<End> {
  // A sync has no fixed end: what changes while it is read moves to the end of the list and is read there.
  if (at.kind === 'incremental') return { next: null }
  const adds = (count: number): boolean => count === at.inside || count === at.seen
  if (at.expected !== null && adds(at.expected)) return { next: null, ...goneOf(account, at) }
  const { count, isExact } = await questionsOf(transport).count(io, shopOf(account), at)
  if (!isExact) return { next: null, unverified: `Shopify counts no further than ${count - 1} ${at.list} of ${account.shopId}` }
  if (adds(count)) return { next: null, ...goneOf(account, at) }
  const again = { ...firstPages(at), expected: count, round: at.round + 1 }
  if (again.round < ROUNDS) return { next: again }
  const reason = `Shopify counts ${count} ${at.list} of ${account.shopId} and lists ${at.inside}, also when they are read again`
  return { next: null, failed: { kind: 'count_mismatch', reason, from: { ...again, round: 0 } } }
}

/** What a complete reading of all products did not show is gone, unless it was shown and could not be read, or is read apart. */
function goneOf(account: Account, { list, isWhole, rejects, apart, since }: Pages): Pick<End, 'also'> {
  if (list !== 'products' || !isWhole || rejects > 0 || apart > 0 || since === null) return {}
  return { also: (tx) => deleteUnseen(tx, account, 'listings', new Date(since)) }
}
