import type { Io, NewTask, Reject } from '../../../contract'
import { keyOf, placeOf } from '../entities'
import { isReject } from '../reading'
import type { Account } from '../store/accounts'
import { linkedOrders, ordersOfLines, rawPayments, readBefore } from '../store/held'
import type { PaymentRecord } from '../store/records'
import { askList } from './client'
import { linkEntry, readLedgerEntry, readPayment } from './ledger'

/*
 * Which receipts the entries of the ledger belong to, and which of those receipts must be read again.
 */

/** The most payments asked for at once. */
export const MAX_IDS = 100
/** So many are asked for at once after shorter lists were answered. */
const LEAST_IDS = 25
/** How far Etsy's clock and lists may be behind, ms: a receipt that was read so shortly after a refund may not show it. */
const LAG_MS = 10 * 60_000

const isAboutLine = ({ referenceType }: PaymentRecord): boolean => referenceType?.toLowerCase() === 'transaction'

/** The entries with the orders that are known without asking: from the lines of orders, or because they were linked before. */
export async function withHeldLinks(records: readonly PaymentRecord[], account: Account, io: Io): Promise<PaymentRecord[]> {
  const open = records.filter(({ orderId, reason }) => orderId === null && reason !== null)
  const lines = open.filter(isAboutLine).flatMap(({ referenceId }) => referenceId ?? [])
  const [byLine, before] = [
    lines.length > 0 ? await ordersOfLines(io.held, account, lines) : new Map<string, string>(),
    open.length > 0 ? await linkedOrders(io.held, account, idsOf(open)) : new Map<string, string>(),
  ]
  return records.map((record) => {
    const orderId =
      record.orderId ?? (isAboutLine(record) ? byLine.get(record.referenceId ?? '') : undefined) ?? before.get(record.platformId)
    return orderId === undefined ? record : { ...record, orderId, reason: null }
  })
}

const idsOf = (records: readonly PaymentRecord[]): string[] => records.map(({ platformId }) => platformId)

/** Entries, by the payment that they are about. */
type Pending = Record<string, string[]>

interface Links {
  /** The entries with their orders. */
  links: PaymentRecord[]
  /** What is still to be asked for, and how many of it at once. */
  rest: Pending
  atOnce: number
  /** Payments that could not be read. */
  rejected: Reject[]
  notes: string[]
  readAt: Date
}

/**
 * Asks for the first of the pending payments. A list that Etsy refuses is asked for in halves: it may be too long, or one entry may spoil
 * it. One that is refused alone is given up.
 */
export async function linkPayments(pending: Pending, atOnce: number, account: Account, io: Io): Promise<Links> {
  const all = Object.entries(pending)
  const asked = all.slice(0, atOnce)
  const query = { ledger_entry_ids: asked.flatMap(([, [entry]]) => entry ?? []).join(',') }
  const page = await askList(io, account, '/payment-account/ledger-entries/payments', query, (text) => text !== '')
  const none = { links: [], rejected: [], notes: [], readAt: new Date(0) }
  if (!page && asked.length > 1) return { ...none, rest: pending, atOnce: asked.length >> 1 }
  const rest = Object.fromEntries(all.slice(asked.length))
  // One that spoiled its list is over; a list that was too long stays short.
  const next = { rest, atOnce: Math.max(atOnce, Math.min(LEAST_IDS, asked.length * 2)) }
  if (!page) return { ...none, ...next, notes: [`Etsy refuses to tell the payment ${asked[0]?.[0]}: its entries are linked to no order`] }
  const payments = page.results.map((raw) => readPayment(raw, account.currency))
  const orders = new Map(payments.flatMap((one) => (isReject(one) || one.orderId === null ? [] : [[one.platformId, one.orderId] as const])))
  const records = await heldEntries(
    asked.flatMap(([, entries]) => entries),
    account,
    io,
  )
  return {
    ...next,
    links: records.map((record) => linkEntry(record, orders)).filter(({ orderId }) => orderId !== null),
    rejected: payments.filter(isReject),
    notes: [],
    readAt: page.sentAt,
  }
}

async function heldEntries(ids: readonly string[], account: Account, io: Io): Promise<PaymentRecord[]> {
  const records = (await rawPayments(io.held, account, ids)).map(readLedgerEntry)
  return records.flatMap((record) => (isReject(record) ? [] : [record]))
}

const isRefund = (record: PaymentRecord): boolean =>
  record.kind === 'refund' || record.referenceType?.toLowerCase() === 'payment_adjustment'

/**
 * Tasks for receipts that were last read before money of them went back: Etsy may leave their time of change alone. Orders that are not
 * held are not wanted.
 */
export async function staleTasks(records: readonly PaymentRecord[], account: Account, io: Io): Promise<NewTask[]> {
  const moments = new Map<string, Date>()
  for (const { orderId, createdAt } of records.filter(isRefund)) {
    if (orderId === null || createdAt === null) continue
    const at = new Date(Date.parse(createdAt) + LAG_MS)
    const other = moments.get(orderId)
    if (!other || other < at) moments.set(orderId, at)
  }
  const stale = await readBefore(io.held, account, moments)
  return stale.map((id) => ({
    stream: 'etsy_receipts',
    key: keyOf(account, 'payments', `receipt ${id}`),
    cursor: { account: account.id, receipt: id },
    ...placeOf(account, 'payments'),
  }))
}
