import type { Io, Reject } from '../../../../contract'
import type { Account } from '../../store/accounts'
import { deleteLines, readRoots } from '../../store/bulk'
import { deleteUnseen } from '../../store/write'
import { nodeOf } from '../bulk-lines'
import type { Bulk, BulkPage } from './bulk-cursor'
import { faultIn } from './bulk-file'
import { again, poll } from './bulk-run'
import { endOf, firstPages } from './reading'
import { refundTask } from './refunds'
import { rowsOf } from './rows'
import { emptyBatch, partOf, shopOf } from './target'

/*
 * What the kept lines of a file are stored as, and the end of a window.
 */

/** Roots of a page, and lines that are deleted at once. */
const ROOTS = 250
const LINES = 10_000

export async function rows(io: Io, account: Account, at: Bulk, { job }: { job: string }): Promise<BulkPage> {
  const checked = at.after < 0 && at.seen === 0 ? await check(io, account, at) : { at, orphans: [] }
  if (checked.at.phase === 'clean') return { batch: emptyBatch(job, account, at.list), next: checked.at, rejected: checked.orphans }
  const roots = await readRoots(io.held, account.id, at.operation ?? '', at.after, ROOTS)
  const shown = rowsOf(at, shopOf(account), roots.map(nodeOf))
  const next: Bulk = {
    ...checked.at,
    after: roots.at(-1)?.line ?? at.after,
    seen: at.seen + roots.length,
    inside: at.inside + shown.inside,
    rejects: at.rejects + shown.rejected.length,
  }
  const isLast = roots.length < ROOTS
  const ended = isLast ? await endOfRows(io, account, next) : next
  // What a part has is read again with the rest, and counted then; orders that it cuts are none that cannot be read.
  const kept = at.isPart
    ? { rows: {}, beside: { ...shown.beside, ...shown.rows }, found: 0 }
    : { rows: shown.rows, beside: shown.beside, found: roots.length }
  // When the operation was about to be started: what it shows is at least as new.
  const readAt = new Date(at.since ?? Date.now())
  return {
    batch: { job, account, entity: at.list, ...kept, readAt },
    rejected: at.isPart ? [] : [...checked.orphans, ...shown.rejected],
    tasks:
      shown.refunds.length === 0
        ? []
        : [refundTask(account, shown.refunds, `${partOf(at)} #${at.tries} ${shown.refunds[0]}..${shown.refunds.at(-1)}`)],
    expected: at.isPart ? undefined : (at.expected ?? undefined),
    next: ended,
  }
}

/** Compares the file with what Shopify counted, before anything of it is stored: a line that lacks would be taken for a deleted one. */
async function check(io: Io, account: Account, at: Bulk): Promise<{ at: Bulk; orphans: Reject[] }> {
  if (at.isPart) return { at, orphans: [] }
  const operation = await poll(io, account, at)
  const lost = { kind: 'bulk_lost', reason: 'Shopify does not know its bulk operation any more' }
  const { fault, orphans } = operation ? await faultIn(io, account, at, operation) : { fault: lost, orphans: [] }
  return { at: fault ? { ...at, fault, phase: 'clean' } : at, orphans }
}

/** All roots were read: whether they are as many as Shopify counts in the window. */
async function endOfRows(io: Io, account: Account, at: Bulk): Promise<Bulk> {
  const clean: Bulk = { ...at, phase: 'clean' }
  if (at.fault || at.only !== undefined) return clean
  // What the operation counted is what its file has. Where the window cannot be counted, that alone is the proof.
  if (at.expected === null) return clean
  const { account: id, list, kind, from, to, newestFirst, isWhole, facts, expected } = at
  const reading = {
    ...firstPages({ account: id, list, kind, from, to, newestFirst, isWhole, facts, expected }),
    seen: at.seen,
    inside: at.inside,
  }
  const { next, unverified } = await endOf(io, account, { ...reading, round: 0 }, 'graphql')
  const reason = `the bulk operation has ${at.inside} ${list}, and Shopify counts ${next?.expected}`
  return next ? { ...clean, fault: { kind: 'count_mismatch', reason } } : { ...clean, unverified: unverified ?? null }
}

/** Deletes the lines, then ends the window, or starts another operation for it. */
export async function clean(account: Account, at: Bulk, { job }: { job: string }, left: number): Promise<BulkPage> {
  const batch = emptyBatch(job, account, at.list)
  const isDone = left <= LINES
  const also: BulkPage['batch']['also'] = async (tx) => {
    if (left > 0) await deleteLines(tx, account.id, at.operation ?? '', LINES)
    return isDone ? await goneIn(tx, account, at) : 0
  }
  if (!isDone) return { batch: { ...batch, also }, next: at }
  if (at.fault) return again(account, at, { ...batch, also }, at.fault)
  return { batch: { ...batch, also }, next: null, ...(at.unverified === null ? {} : { unverified: at.unverified }) }
}

/** What a complete reading of all products did not show is gone, unless it was shown and could not be read. */
async function goneIn(tx: Parameters<typeof deleteUnseen>[0], account: Account, at: Bulk): Promise<number> {
  const isComplete = at.list === 'products' && at.isWhole && at.rejects === 0 && at.fault === null && at.unverified === null
  return isComplete && at.since !== null ? await deleteUnseen(tx, account, 'listings', new Date(at.since)) : 0
}
