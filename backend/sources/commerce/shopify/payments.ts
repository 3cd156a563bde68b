import { z } from 'zod'
import type { Json } from '../../../base/json'
import { maybe, maybeTime, maybeWord, Unreadable } from '../reading'
import type { OrderRecord, PaymentKind, PaymentRecord } from '../store/records'
import { shopifyId } from './ids'
import { bag, money, ShopifyPurse } from './purse'

/*
 * Transactions of an order as movements of money. REST does not tell their fees.
 */

export const transaction = z.object({
  id: shopifyId,
  kind: maybeWord,
  status: maybeWord,
  test: maybe(z.boolean()),
  createdAt: maybeTime,
  processedAt: maybeTime,
  amountSet: bag,
  fees: maybe(z.array(z.object({ amount: money, taxAmount: maybe(money) }))),
})
type Transaction = z.output<typeof transaction>

/** What moves money, and whether the seller has more or less of it afterwards. Authorizations and voids move none. */
const MOVES = new Map<string, { kind: PaymentKind; sign: 1 | -1 }>([
  ['sale', { kind: 'charge', sign: 1 }],
  ['capture', { kind: 'charge', sign: 1 }],
  ['refund', { kind: 'refund', sign: -1 }],
  // Cash that a buyer gets who paid with too much.
  ['change', { kind: 'other', sign: -1 }],
])

/** What Shopify takes for a transaction, with the tax on it. */
function feesOf(purse: ShopifyPurse, { fees }: Transaction): number {
  return (fees ?? []).reduce((sum, { amount, taxAmount }) => sum + purse.minor(amount) + (purse.maybe(taxAmount) ?? 0), 0)
}

/** @param order the one that the transaction came with: it is as new as that */
export function paymentOf(its: Transaction, order: Pick<OrderRecord, 'platformId' | 'updatedAt'>, raw: Json): PaymentRecord {
  const createdAt = its.processedAt ?? its.createdAt
  if (createdAt === null) throw new Unreadable('schema', 'createdAt is missing.')
  const purse = new ShopifyPurse(its.amountSet.currencyCode)
  const move = MOVES.get(its.kind ?? '')
  // A test moves no money, and neither does what failed or is pending.
  const isReal = its.status === 'success' && its.test !== true
  return {
    platformId: its.id,
    updatedAt: order.updatedAt,
    orderId: order.platformId,
    reason: null,
    kind: move?.kind ?? 'other',
    type: its.kind,
    status: its.status,
    createdAt,
    currency: purse.currency,
    amountMinor: isReal && move ? move.sign * purse.minor(its.amountSet) || 0 : 0,
    feeMinor: isReal ? feesOf(purse, its) : 0,
    referenceType: null,
    referenceId: null,
    raw,
  }
}
