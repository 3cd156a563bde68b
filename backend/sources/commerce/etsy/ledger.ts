import { z } from 'zod'
import type { Json } from '../../../base/json'
import type { Reject } from '../../../contract'
import { fromDivisor } from '../money'
import { id, maybe, maybeCurrency, maybeId, maybeSeconds, maybeText, maybeWord, moneyOf, readEntry, Unreadable } from '../reading'
import type { BaseRecord, PaymentKind, PaymentRecord } from '../store/records'
import { money } from './purse'

/*
 * Entries of a shop's ledger, and the payments that some of them are about. The entries are the money that is stored; a payment says
 * which receipt they belong to.
 */

const KINDS = new Map<string, PaymentKind>(
  (
    [
      ['charge', 'payment payment_gross'],
      ['refund', 'refund refund_gross'],
      [
        'fee',
        'transaction transaction_quantity shipping_transaction listing auto_renew_expired renew_sold renew_sold_auto shipping_labels vat_seller_services',
      ],
      // A part of what the buyer paid, which Etsy pays to the state: no cost of the seller.
      ['tax', 'sales_tax'],
      ['payout', 'disburse disburse2'],
    ] as const
  ).flatMap(([kind, types]) => types.split(' ').map((type): [string, PaymentKind] => [type, kind])),
)
const FEE = /(^|_)fees?(_|$)/
const REFUNDED = /_refund$/

/** Etsy's list of types is open: what is called a fee is one, and a fee that is refunded is a negative one. */
function kindOf(type: string): PaymentKind {
  const known = KINDS.get(type)
  if (known) return known
  const name = type.replace(REFUNDED, '')
  return KINDS.get(name) === 'fee' || FEE.test(name) ? 'fee' : 'other'
}

/** Types of references that lead to a receipt, each with why its receipt is not known yet. */
const MISSING = new Map([
  ['payment', 'payment_not_read'],
  ['payment_adjustment', 'payment_not_read'],
  ['transaction', 'transaction_not_read'],
])

/** Why an entry is linked to no order; null for those that are about none. */
function reasonOf(kind: PaymentKind, referenceType: string | null, referenceId: string | null): string | null {
  if (kind === 'payout') return null
  if (referenceId === null || referenceId === '0') return 'no_reference'
  return MISSING.get(referenceType?.toLowerCase() ?? '') ?? null
}

const adjustments = maybe(z.array(z.object({ payment_id: maybeId })))
const entry = z.object({
  entry_id: id,
  amount: z.int(),
  currency: maybeCurrency,
  created_timestamp: maybeSeconds,
  create_date: maybeSeconds,
  ledger_type: maybeText,
  description: maybeText,
  reference_type: maybeText,
  reference_id: maybeId,
  payment_adjustments: adjustments,
})

function entryOf(its: z.output<typeof entry>, raw: Json): PaymentRecord {
  const createdAt = its.created_timestamp ?? its.create_date
  if (createdAt === null) throw new Unreadable('schema', 'created_timestamp is missing.')
  if (its.currency === null) throw new Unreadable('no_currency', 'The entry has no currency.')
  const type = its.ledger_type ?? its.description
  const kind = kindOf(type?.trim().toLowerCase() ?? '')
  const isReceipt = its.reference_type?.toLowerCase() === 'receipt' && its.reference_id !== '0'
  const orderId = isReceipt ? its.reference_id : null
  return {
    platformId: its.entry_id,
    updatedAt: null,
    orderId,
    reason: orderId === null ? reasonOf(kind, its.reference_type, its.reference_id) : null,
    kind,
    type,
    status: null,
    createdAt,
    currency: its.currency,
    amountMinor: its.amount,
    feeMinor: kind === 'fee' ? 0 - its.amount : 0,
    referenceType: its.reference_type,
    referenceId: its.reference_id,
    raw,
  }
}

/**
 * An entry of the ledger. Its amount is in minor units. Which order it belongs to is known from `linkEntry`, or from the lines of orders
 * where it is about a transaction.
 */
export const readLedgerEntry = (raw: unknown): PaymentRecord | Reject =>
  readEntry({ kind: 'ledger entry', idName: 'entry_id', schema: entry, read: entryOf }, raw)

/** The payment that an entry is about, itself or through a refund; null for other entries. */
export function paymentIdOf({ referenceType, referenceId, raw }: PaymentRecord): string | null {
  if (referenceType?.toLowerCase() === 'payment') return referenceId
  const found = z.object({ payment_adjustments: adjustments }).safeParse(raw)
  return found.data?.payment_adjustments?.find((one) => one.payment_id !== null)?.payment_id ?? null
}

/** The entry with its order, where its payment is among these. @param orders ids of receipts by ids of payments */
export function linkEntry(record: PaymentRecord, orders: ReadonlyMap<string, string>): PaymentRecord {
  const orderId = orders.get(paymentIdOf(record) ?? '')
  return orderId === undefined ? record : { ...record, orderId, reason: null }
}

export interface EtsyPayment extends BaseRecord {
  orderId: string | null
  status: string | null
  createdAt: string | null
  currency: string
  grossMinor: number
  feeMinor: number
  netMinor: number
}

const payment = z.object({
  payment_id: id,
  receipt_id: maybeId,
  status: maybeWord,
  shop_currency: maybeCurrency,
  created_timestamp: maybeSeconds,
  create_timestamp: maybeSeconds,
  updated_timestamp: maybeSeconds,
  update_timestamp: maybeSeconds,
  amount_gross: money,
  amount_fees: money,
  amount_net: money,
})

function paymentOf(its: z.output<typeof payment>, shopCurrency: string | null, raw: Json): EtsyPayment {
  // The amounts are the shop's even where Etsy writes the buyer's currency beside them.
  const currency = its.shop_currency ?? shopCurrency
  if (currency === null) throw new Unreadable('no_currency', 'The currency of the shop is not known.')
  const minor = ({ amount, divisor }: z.output<typeof money>) => moneyOf(() => fromDivisor(amount, divisor, currency))
  return {
    platformId: its.payment_id,
    orderId: its.receipt_id === '0' ? null : its.receipt_id,
    status: its.status,
    createdAt: its.created_timestamp ?? its.create_timestamp,
    updatedAt: its.updated_timestamp ?? its.update_timestamp,
    currency,
    grossMinor: minor(its.amount_gross),
    feeMinor: minor(its.amount_fees),
    netMinor: minor(its.amount_net),
    raw,
  }
}

/** A payment. @param shopCurrency of the account, where the payment does not name it */
export const readPayment = (raw: unknown, shopCurrency: string | null): EtsyPayment | Reject =>
  readEntry({ kind: 'payment', idName: 'payment_id', schema: payment, read: (its, json) => paymentOf(its, shopCurrency, json) }, raw)
