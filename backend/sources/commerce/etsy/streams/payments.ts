import { z } from 'zod'
import { defineStream, type Io, type NewTask, type Page, type Step } from '../../../../contract'
import { cellOf, keyOf, placeOf, type ShopRef } from '../../entities'
import type { CommerceParams } from '../../params'
import type { Ask } from '../../platform'
import { isReject } from '../../reading'
import { type Account, accountOf } from '../../store/accounts'
import type { PaymentRecord } from '../../store/records'
import { type PageBatch, writePage } from '../../streams/page'
import { askList, isBeyondReach, listedOf, requireWithin } from '../client'
import { paymentIdOf, readLedgerEntry } from '../ledger'
import { linkPayments, MAX_IDS, staleTasks, withHeldLinks } from '../links'
import { advance, isBeyond, LIMIT, place, roomOf, START } from '../paging'
import { nameOf, splitByCount, splitBySeconds, type Window, windowOf, within } from '../windows'
import { linkTask } from './lines'

/*
 * Entries of the ledger. A task reads the windows of about a year, one after the other. Etsy names the receipt of an entry only through
 * its payment: payments are collected over pages and windows, and asked for together.
 */

/** The longest window that Etsy answers, seconds. */
export const MAX_WINDOW = 2_678_400
const WINDOWS_OF_TASK = 12
/** Entries of the ledger for one order: the payment, its fees and taxes. */
const ENTRIES_OF_ORDER = 5

const window = z.object({
  from: z.number(),
  to: z.number(),
  /** Of a part: how many entries the first page of the whole had. */
  full: z.number().optional(),
})
type Part = z.infer<typeof window>
const cursor = z.object({
  account: z.uuid(),
  /** Those that are not read yet; the first is being read. */
  windows: z.array(window),
  /** Entries of those that are read, according to Etsy. */
  total: z.number(),
  place,
  /** Entries whose receipt is not known yet, by their payment. */
  pending: z.record(z.string(), z.array(z.string())),
  /** How many payments are asked for at once. */
  atOnce: z.number(),
})
type Cursor = z.infer<typeof cursor>
type PaymentStep = Step<Cursor, CommerceParams>
type PaymentPage = Page<Cursor, PageBatch>

async function read(step: PaymentStep, io: Io): Promise<PaymentPage> {
  const { cursor: at } = step
  const account = await accountOf(io.held, at.account)
  const [first] = at.windows
  if (!first || Object.keys(at.pending).length >= MAX_IDS) return await readLinks(step, account, io)
  if (first.to - first.from > MAX_WINDOW) return later(step, account, insteadOf(at, splitBySeconds(first, MAX_WINDOW)))
  return await readWindow(step, first, account, io)
}

const PATH = '/payment-account/ledger-entries'

async function readWindow(step: PaymentStep, first: Part, account: Account, io: Io): Promise<PaymentPage> {
  const { cursor: at } = step
  const seconds = first.to - first.from
  const query = { ...within(first, 'created'), limit: LIMIT, offset: at.place.offset }
  const page = await askList(io, account, PATH, query, seconds > 1 ? isBeyondReach : undefined)
  if (!page) return later(step, account, insteadOf(at, splitBySeconds(first, Math.ceil(seconds / 2))))
  requireWithin(page, first, ['created_timestamp', 'create_date'])
  const records = page.results.map(readLedgerEntry)
  const listed = listedOf(page, records)
  if (at.place.offset === 0 && isBeyond(listed, first.full ?? 0)) {
    const room = roomOf(listed)
    const full = listed.keys.length
    const parts = () => splitByCount(first, page.count, room).map((part) => ({ ...part, full }))
    if (seconds > 1) return later(step, account, insteadOf(at, parts()))
    const reason = `Etsy counts ${page.count} entries of the ledger in the second ${nameOf(first)} and shows ${room} of them`
    return without(step, first, account, later(step, account, at), { kind: 'window_too_dense', reason })
  }
  const turn = advance(at.place, listed)
  const fresh = records.filter((_, n) => turn.fresh[n])
  const payments = await withHeldLinks(
    fresh.flatMap((one) => (isReject(one) ? [] : [one])),
    account,
    io,
  )
  const here = { ...at, pending: withPending(at.pending, payments) }
  const shown: PaymentPage = {
    batch: { ...batchOf(step, account, page.sentAt), rows: { payments }, found: turn.found },
    rejected: fresh.filter(isReject),
    expected: at.total + page.count,
    tasks: await staleTasks(payments, account, io),
    next: here,
  }
  if (turn.next) return { ...shown, next: { ...here, place: turn.next } }
  if (turn.fault === undefined) return { ...shown, next: nextWindow({ ...here, total: at.total + page.count }) }
  const reason = `the ledger of ${nameOf(first)} does not add up, also when it is read again: ${turn.fault}`
  return without(step, first, account, { ...shown, expected: at.total }, { kind: 'count_mismatch', reason })
}

/** The same without the window that is being read; null where nothing is left to do. */
function nextWindow(at: Cursor): Cursor | null {
  const windows = at.windows.slice(1)
  return windows.length + Object.keys(at.pending).length > 0 ? { ...at, windows, place: START } : null
}

const insteadOf = (at: Cursor, windows: readonly Part[]): Cursor => ({
  ...at,
  windows: [...windows, ...at.windows.slice(1)],
  place: START,
})

/** A page without rows. */
const later = (step: PaymentStep, account: Account, next: Cursor): PaymentPage => ({ batch: batchOf(step, account, new Date(0)), next })

/** A window that cannot be read fails as a task of its own, so that the others are read and a retry reads only this one. */
function without(
  { key, cursor: at }: PaymentStep,
  first: Window,
  account: Account,
  page: PaymentPage,
  { kind, reason }: { kind: string; reason: string },
): PaymentPage {
  const failed = taskOf(account, account.id, [first])
  if (failed.key === key) return { ...page, next: null, failed: { kind, reason, from: { ...at, place: START } } }
  const task: NewTask = { ...failed, ...placeOf(account, 'payments'), ended: { failed: kind, error: reason } }
  return { ...page, next: page.next && nextWindow(page.next), tasks: [...(page.tasks ?? []), task] }
}

function withPending(before: Cursor['pending'], records: readonly PaymentRecord[]): Cursor['pending'] {
  const pending = { ...before }
  for (const record of records) {
    const payment = record.orderId === null ? paymentIdOf(record) : null
    if (payment !== null) pending[payment] = [...new Set([...(pending[payment] ?? []), record.platformId])]
  }
  return pending
}

const batchOf = ({ job }: PaymentStep, account: Account, readAt: Date): PageBatch => ({
  ...{ job, account, entity: 'payments', rows: {}, readAt, found: 0 },
})

/** Asks for the payments of entries that are stored, and links those to their receipts. */
async function readLinks(step: PaymentStep, account: Account, io: Io): Promise<PaymentPage> {
  const { cursor: at } = step
  const { links, rest, atOnce, rejected, notes, readAt } = await linkPayments(at.pending, at.atOnce, account, io)
  return {
    batch: { ...batchOf(step, account, readAt), beside: { payments: links } },
    next: at.windows.length + Object.keys(rest).length > 0 ? { ...at, pending: rest, atOnce } : null,
    tasks: await staleTasks(links, account, io),
    rejected,
    notes,
  }
}

function taskOf(shop: ShopRef, account: string, windows: readonly Window[]): Omit<NewTask, 'lane' | 'stage'> {
  const span = { from: Math.min(...windows.map(({ from }) => from)), to: Math.max(...windows.map(({ to }) => to)) }
  return {
    stream: 'etsy_payments',
    key: keyOf(shop, 'payments', nameOf(span)),
    cursor: { account, windows: windows.map((one) => ({ ...one })), total: 0, place: START, pending: {}, atOnce: MAX_IDS } satisfies Cursor,
  }
}

/** About how many pages a window has, whose orders come at any time: for each page but the first, how likely it is that there are so many. */
function pagesFor(orders: number): number {
  const entries = orders * ENTRIES_OF_ORDER
  const deviation = Math.sqrt(orders) * ENTRIES_OF_ORDER
  let pages = 1
  // The logistic curve that is nearest to the normal one: Bowling et al., A logistic approximation to the cumulative normal (2009).
  for (let more = LIMIT; more < entries + 4 * deviation; more += LIMIT - 1)
    pages += 1 / (1 + Math.exp((1.702 * (more - entries)) / deviation))
  return pages
}

/** About how many requests the ledger of a window takes in which so many orders were made. */
export function ledgerRequests({ from, to }: Window, orders: number): number {
  const windows = Math.ceil((to - from) / MAX_WINDOW)
  const tasks = Math.ceil(windows / WINDOWS_OF_TASK)
  const links = orders === 0 ? 0 : Math.max(1, orders / tasks / MAX_IDS + 0.5)
  return Math.round(windows * pagesFor(orders / windows) + tasks * links)
}

/** The same where it has so many entries. */
export const ledgerRequestsOf = (window: Window, entries: number): number => ledgerRequests(window, entries / ENTRIES_OF_ORDER)

/** Windows of 31 days over all that is wanted; a sync reads the entries made since the last one. */
export function paymentTasks({ account, kind, from, to, params }: Ask): Omit<NewTask, 'lane' | 'stage'>[] {
  const whole = windowOf(from, to)
  if (whole.from >= whole.to) return []
  const windows = splitBySeconds(whole, MAX_WINDOW)
  if (params.newestFirst) windows.reverse()
  const groups = Math.ceil(windows.length / WINDOWS_OF_TASK)
  const tasks = Array.from({ length: groups }, (_, n) =>
    taskOf(account, account.id, windows.slice(n * WINDOWS_OF_TASK, (n + 1) * WINDOWS_OF_TASK)),
  )
  return kind === 'incremental' ? [...tasks, linkTask(account)] : tasks
}

export const payments = defineStream<Cursor, PageBatch, CommerceParams>({
  queue: 'etsy_backfill_queue',
  cursor,
  read,
  write: writePage,
  cell: cellOf,
})
