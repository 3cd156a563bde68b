import { ledgerOf } from '../../backend/sandbox/commerce/etsy-ledger'
import type { Channel, Shop, User } from '../../backend/sandbox/commerce/people'
import { type Sale, totalOf } from '../../backend/sandbox/commerce/sales'
import { isTest, paymentFee } from '../../backend/sandbox/commerce/shopify-orders'
import type { World } from '../../backend/sandbox/commerce/world'
import { shareOf } from '../../backend/sources/commerce/money'
import type { OrderRecord, PaymentRecord } from '../../backend/sources/commerce/store/records'
import { order, payment, refund } from './commerce-records'
import { MOVES } from './commerce-truth'

/*
 * Records of what a seller of the sandbox sold, without asking a platform.
 */

const iso = (seconds: number | null) => (seconds === null ? null : new Date(seconds * 1000).toISOString())

const isTestOf = (world: World, user: User, { channel }: Shop, sale: Sale): boolean =>
  channel === 'shopify' && isTest({ world, user }, sale)

/** An order of a shop as a stream would store it. */
export function saleRecord(world: World, user: User, channel: Channel, sale: Sale): OrderRecord {
  const shop = user.shops[channel]
  const { currency } = shop
  const total = totalOf(sale)
  return order({
    platformId: String(sale.id),
    number: channel === 'etsy' ? String(sale.id) : sale.name,
    createdAt: iso(sale.createdAt),
    updatedAt: iso(sale.updatedAt),
    isCancelled: sale.cancelledAt !== null,
    currency,
    totalMinor: total,
    taxMinor: sale.tax,
    isPaid: sale.paidAt !== null,
    isTest: isTestOf(world, user, shop, sale),
    refunds: sale.refunds.map(({ id, at, amount }) =>
      refund({ platformId: String(id), createdAt: iso(at), currency, amountMinor: amount, taxMinor: shareOf(amount, sale.tax, total) }),
    ),
  })
}

/** Payments of a shop as a stream would store them. */
export function paymentsOf(world: World, user: User, channel: Channel): PaymentRecord[] {
  const shop = user.shops[channel]
  if (channel === 'shopify')
    return world
      .sales(user, channel)
      .flatMap((sale) => (sale.paidAt === null || isTestOf(world, user, shop, sale) ? [] : [chargeOf(sale, shop)]))
  return ledgerOf(world, { user, shop }).map(({ entry_id: id, amount, currency, create_date, ledger_type: type }) =>
    payment({
      ...{ platformId: String(id), createdAt: iso(create_date), currency, type, amountMinor: amount },
      feeMinor: MOVES.includes(type) ? 0 : -amount,
    }),
  )
}

function chargeOf(sale: Sale, { currency }: Shop): PaymentRecord {
  const amountMinor = totalOf(sale)
  const feeMinor = paymentFee(amountMinor, currency)
  return payment({ platformId: String(sale.id), createdAt: iso(sale.paidAt), currency, type: 'sale', amountMinor, feeMinor })
}
