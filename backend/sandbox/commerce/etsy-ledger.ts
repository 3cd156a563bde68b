import { money } from './etsy-documents'
import { buyerOf, type Shop, type User } from './people'
import { type Refund, type Sale, totalOf } from './sales'
import type { World } from './world'

/*
 * What happened to a shop's money: entries of its payment account, and the payments that some of them refer to.
 */

interface Place {
  user: User
  shop: Shop
}
/** Before it has its place in the ledger. */
interface Draft {
  id: number
  at: number
  amount: number
  type: string
  reference: [type: string, id: string]
  parent?: number
  adjustments?: object[]
}
export type LedgerEntry = ReturnType<typeof ledgerOf>[number]

/** Every so many sales the balance is paid out. */
const PAYOUT_EVERY = 25
const VAT_EVERY = 10
/** With oddities, every so many payments carry the buyer's currency code beside the shop's amounts. */
const ODD_CURRENCY_EVERY = 50

export const paymentId = (sale: Sale): number => sale.id * 10
const feesOf = (sale: Sale): number => Math.round(totalOf(sale) * 0.03)

function adjustmentOf({ user }: Place, sale: Sale, refund: Refund) {
  const { id, at, amount } = refund
  const stamps = { create_timestamp: at, created_timestamp: at, update_timestamp: at, updated_timestamp: at }
  return {
    payment_adjustment_id: id,
    payment_id: paymentId(sale),
    status: 'SETTLED',
    is_success: true,
    user_id: user.ownerId,
    reason_code: 'REFUND',
    total_adjustment_amount: amount,
    shop_total_adjustment_amount: amount,
    buyer_total_adjustment_amount: amount,
    total_fee_adjustment_amount: 0,
    ...stamps,
    payment_adjustment_items: [
      {
        payment_adjustment_id: id,
        payment_adjustment_item_id: id * 10,
        adjustment_type: 'REFUND',
        amount,
        shop_amount: amount,
        transaction_id: sale.lines[refund.lines[0]?.line ?? 0]?.id ?? null,
        bill_payment_id: null,
        created_timestamp: at,
        updated_timestamp: at,
      },
    ],
  }
}

function draftsOf(place: Place, sale: Sale): Draft[] {
  const { paidAt } = sale
  if (paidAt === null) return []
  const id = (kind: number) => sale.id * 1000 + kind
  const payment: Draft['reference'] = ['PAYMENT', String(paymentId(sale))]
  const fee = id(1)
  return [
    { id: id(0), at: paidAt, amount: totalOf(sale), type: 'PAYMENT_GROSS', reference: payment },
    { id: fee, at: paidAt, amount: -feesOf(sale), type: 'PAYMENT_PROCESSING_FEE', reference: payment },
    ...sale.lines.map(
      (line, n): Draft => ({
        id: id(100 + n),
        at: paidAt,
        amount: -Math.round(line.price * line.quantity * 0.065),
        type: 'transaction',
        reference: ['transaction', String(line.id)],
      }),
    ),
    ...(sale.index % VAT_EVERY === 0
      ? [{ id: id(2), at: paidAt, amount: -1, type: 'vat_seller_services', reference: ['etsy', '0'], parent: fee } satisfies Draft]
      : []),
    ...sale.refunds.map(
      (refund, n): Draft => ({
        id: id(10 + n),
        at: refund.at,
        amount: -refund.amount,
        type: 'REFUND_GROSS',
        reference: ['payment_adjustment', String(refund.id)],
        adjustments: [adjustmentOf(place, sale, refund)],
      }),
    ),
    ...(sale.index % PAYOUT_EVERY === PAYOUT_EVERY - 1
      ? [{ id: id(3), at: paidAt + 1, amount: Number.NaN, type: 'DISBURSE2', reference: ['disbursement', String(id(3))] } satisfies Draft]
      : []),
  ]
}

/** All entries of a shop, oldest first, with the balance after each. */
export function ledgerOf(world: World, place: Place) {
  const drafts = world.sales(place.user, 'etsy').flatMap((sale) => draftsOf(place, sale))
  let balance = 0
  return drafts
    .sort((a, b) => a.at - b.at || a.id - b.id)
    .map(({ id, at, amount: drafted, type, reference: [referenceType, referenceId], parent, adjustments = [] }, n) => {
      const amount = type === 'DISBURSE2' ? -Math.max(0, balance) : drafted
      balance += amount
      return {
        entry_id: id,
        ledger_id: place.shop.id,
        sequence_number: n + 1,
        amount,
        currency: place.shop.currency,
        description: type,
        balance,
        create_date: at,
        created_timestamp: at,
        ledger_type: type,
        reference_type: referenceType,
        reference_id: referenceId,
        ...(parent === undefined ? {} : { parent_entry_id: parent }),
        payment_adjustments: adjustments,
      }
    })
}

/** The payment of a sale; undefined where the buyer never paid. */
export function paymentOf(world: World, place: Place, sale: Sale) {
  const { user, shop } = place
  const { paidAt } = sale
  if (paidAt === null) return undefined
  const { seed, oddities } = world.options
  const isOdd = oddities && sale.index % ODD_CURRENCY_EVERY === 9
  const currency = isOdd && shop.currency !== 'JPY' ? 'CAD' : shop.currency
  const divisor = money(0, shop.currency).divisor
  const of = (amount: number) => ({ amount, divisor, currency_code: currency })
  const refunded = sale.refunds.reduce((sum, { amount }) => sum + amount, 0)
  const [gross, fees] = [totalOf(sale), feesOf(sale)]
  const updatedAt = Math.max(paidAt, ...sale.refunds.map(({ at }) => at))
  return {
    payment_id: paymentId(sale),
    buyer_user_id: buyerOf(seed, shop, sale.buyer).id,
    shop_id: shop.id,
    receipt_id: sale.id,
    amount_gross: of(gross),
    amount_fees: of(fees),
    amount_net: of(gross - fees),
    posted_gross: of(gross),
    posted_fees: of(fees),
    posted_net: of(gross - fees),
    adjusted_gross: refunded === 0 ? null : of(gross - refunded),
    adjusted_fees: refunded === 0 ? null : of(fees),
    adjusted_net: refunded === 0 ? null : of(gross - refunded - fees),
    currency,
    shop_currency: shop.currency,
    buyer_currency: currency,
    shipping_user_id: user.ownerId,
    shipping_address_id: 1,
    billing_address_id: 0,
    status: 'settled',
    shipped_timestamp: sale.shippedAt,
    create_timestamp: paidAt,
    created_timestamp: paidAt,
    update_timestamp: updatedAt,
    updated_timestamp: updatedAt,
    payment_adjustments: sale.refunds.map((refund) => adjustmentOf(place, sale, refund)),
  }
}
