import { bisect, type Io, type NewTask, type Reject } from '../../../contract'
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
  /** What is still to be asked for. */
  rest: Pending
  /** Payments that could not be read. */
  rejected: Reject[]
  notes: string[]
  readAt: Date
}

/** Asks for as many of the pending payments as one request takes. */
export async function linkPayments(pending: Pending, account: Account, io: Io): Promise<Links> {
  const asked = Object.entries(pending).slice(0, MAX_IDS)
  const records = (
    await rawPayments(
      io.held,
      account,
      asked.flatMap(([, entries]) => entries),
    )
  ).flatMap((raw) => {
    const record = readLedgerEntry(raw)
    return isReject(record) ? [] : [record]
  })
  let readAt = new Date(0)
  const answers = await bisect(
    asked.flatMap(([, [entry]]) => entry ?? []),
    io,
    async (ids) => {
      const query = { ledger_entry_ids: ids.join(',') }
      // Etsy may refuse all for one of them.
      const page = await askList(io, account, '/payment-account/ledger-entries/payments', query, (text) => text !== '')
      if (page) readAt = page.sentAt
      return page?.results
    },
  )
  const payments = answers.found.map((raw) => readPayment(raw, account.currency))
  const orders = new Map(payments.flatMap((one) => (isReject(one) || one.orderId === null ? [] : [[one.platformId, one.orderId] as const])))
  const left = new Set(answers.left)
  const refused = answers.bad.length + answers.unsure.length
  return {
    links: records.map((record) => linkEntry(record, orders)).filter(({ orderId }) => orderId !== null),
    rest: Object.fromEntries(Object.entries(pending).filter(([, [entry]], n) => n >= asked.length || left.has(entry ?? ''))),
    rejected: payments.filter(isReject),
    notes: refused > 0 ? [`Etsy refused to tell the payments of ${refused} entries of the ledger: they are linked to no order`] : [],
    readAt,
  }
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
