import { ledgerOf } from '../../backend/sandbox/commerce/etsy-ledger'
import type { Shop, User } from '../../backend/sandbox/commerce/people'
import { type Sale, totalOf } from '../../backend/sandbox/commerce/sales'
import type { World } from '../../backend/sandbox/commerce/world'
import { shareOf } from '../../backend/sources/commerce/money'
import type { OrderRecord, PaymentRecord } from '../../backend/sources/commerce/store/records'
import { order, payment, refund } from './commerce-records'
import { MOVES } from './commerce-truth'

/*
 * Records of what a seller of the sandbox sold, without asking a platform.
 */

const iso = (seconds: number | null) => (seconds === null ? null : new Date(seconds * 1000).toISOString())

/** An order of a shop as a stream would store it. */
export function saleRecord(sale: Sale, { channel, currency }: Shop): OrderRecord {
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
    refunds: sale.refunds.map(({ id, at, amount }) =>
      refund({ platformId: String(id), createdAt: iso(at), currency, amountMinor: amount, taxMinor: shareOf(amount, sale.tax, total) }),
    ),
  })
}

/** Entries of a seller's ledger at Etsy. */
export function feesOf(world: World, user: User): PaymentRecord[] {
  return ledgerOf(world, { user, shop: user.shops.etsy }).map(({ entry_id: id, amount, currency, create_date, ledger_type: type }) =>
    payment({
      ...{ platformId: String(id), createdAt: iso(create_date), currency, type, amountMinor: amount },
      feeMinor: MOVES.includes(type) ? 0 : -amount,
    }),
  )
}
