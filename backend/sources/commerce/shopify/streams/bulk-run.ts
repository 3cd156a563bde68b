import type { Io } from '../../../../contract'
import type { Account } from '../../store/accounts'
import { saveOperation } from '../../store/bulk'
import type { ShopifyBulk } from '../answers'
import { POLL } from '../bulk-queries'
import { AccessDenied, ask } from '../client'
import { split } from '../windows'
import { type Bulk, type BulkPage, firstBulk, stateOf } from './bulk-cursor'
import { byPages, waitsFor } from './bulk-start'
import { emptyBatch, partOf, shopOf, taskOf } from './target'

/*
 * An operation while Shopify runs it, and what follows when it fails.
 */

/** Longest pause between two questions, ms. */
const MAX_POLL_MS = 30_000
/** The part of a failed operation may come some questions later. */
const PART_POLLS = 3
const PART_AGAIN_MS = 5_000
/** So many operations are started for a window before it is read by pages. */
export const TRIES = 3

const inMs = (ms: number): Date => new Date(Date.now() + ms)
const RUNNING = new Set(['created', 'running', 'canceling'])

/** What has become of the operation; null: Shopify does not know it any more. */
export const poll = async (io: Io, account: Account, at: Bulk): Promise<ShopifyBulk | null> =>
  (await ask(io, shopOf(account), POLL, { id: at.operation })).data.operation

export async function run(io: Io, account: Account, at: Bulk, { job, key }: { job: string; key: string }): Promise<BulkPage> {
  const operation = await poll(io, account, at)
  const batch: BulkPage['batch'] = {
    ...emptyBatch(job, account, at.list),
    async also(tx) {
      if (operation) await saveOperation(tx, stateOf(account, at, key, operation))
      return 0
    },
  }
  if (!operation) return again(account, at, batch, { kind: 'bulk_lost', reason: 'Shopify does not know its bulk operation any more' })
  const asked = { ...at, polls: at.polls + 1 }
  if (RUNNING.has(operation.status)) {
    const pauseMs = Math.min(MAX_POLL_MS, 2_000 * 1.3 ** at.polls)
    return { batch, next: asked, notBefore: { until: inMs(pauseMs), on: waitsFor(account, at) } }
  }
  if (operation.status === 'completed') {
    // An empty list has no file.
    return { batch, next: { ...at, phase: operation.url ? 'file' : 'rows', polls: 0 } }
  }
  if (operation.errorCode === 'ACCESS_DENIED') throw new AccessDenied(shopOf(account).credential, 'the bulk operation was denied.')
  const fault = {
    kind: 'bulk_failed',
    reason: `Shopify ended its bulk operation as ${operation.status} (${operation.errorCode ?? 'no reason'})`,
  }
  // Variants of products are counted nowhere: some of them may be missing in a part.
  if (operation.partialDataUrl && at.list !== 'products') return { batch, next: { ...at, phase: 'file', polls: 0, isPart: true, fault } }
  if (at.list === 'products' || at.polls >= PART_POLLS) return again(account, at, batch, fault)
  return { batch, next: asked, notBefore: { until: inMs(PART_AGAIN_MS), on: `the part that ${waitsFor(account, at)} has written` } }
}

/** A window whose operation failed is read again, in halves where it has a midnight inside, and at last by pages. */
export function again(account: Account, at: Bulk, batch: BulkPage['batch'], { kind, reason }: { kind: string; reason: string }): BulkPage {
  const tries = at.tries + 1
  if (tries >= TRIES && at.only === undefined) return byPages(account, at, batch, `${reason}, ${tries} times`)
  const { account: id, list, kind: what, from, to, only, newestFirst, isWhole, facts, expected } = at
  const whole = { account: id, list, kind: what, from, to, only, newestFirst, isWhole, facts, expected }
  if (tries >= TRIES) return { batch, next: null, failed: { kind, reason: `${reason}, ${tries} times`, from: firstBulk(whole) } }
  const isSplit = kind === 'bulk_failed' && what === 'backfill' && only === undefined && list === 'orders'
  const halves = isSplit ? split(at, facts.openedAt, 2, 1) : []
  if (halves.length < 2) return { batch, next: firstBulk(whole, tries) }
  const parts = halves.map((half) => ({ ...whole, ...half, isWhole: false, transport: 'bulk' }))
  return { batch, next: null, expected: 0, tasks: parts.map((part) => taskOf(account, 'shopify_window', at, partOf(part), part)) }
}
