import type { Reader } from '../../backend/base/sql'
import { ledgerOf } from '../../backend/sandbox/commerce/etsy-ledger'
import { CHANNELS, type Channel, type User } from '../../backend/sandbox/commerce/people'
import type { PrintifyOrders } from '../../backend/sandbox/commerce/printify-orders'
import { PrintifyTruth } from '../../backend/sandbox/commerce/printify-truth'
import { type Sale, totalOf } from '../../backend/sandbox/commerce/sales'
import { isTest, paymentFee } from '../../backend/sandbox/commerce/shopify-orders'
import type { World } from '../../backend/sandbox/commerce/world'

/*
 * What the tables must hold of a seller of the sandbox, worked out from the world itself and not from its answers.
 */

export const FIGURE_NAMES = ['orders', 'revenue', 'tax', 'refunds', 'fees', 'cogs', 'reprints', 'profit'] as const
export type Figures = Record<(typeof FIGURE_NAMES)[number], number>
export const noFigures: Figures = { orders: 0, revenue: 0, tax: 0, refunds: 0, fees: 0, cogs: 0, reprints: 0, profit: 0 }

/** Rows of `daily_financials`, by account, day and currency. */
export async function storedFigures(db: Reader): Promise<Map<string, Figures>> {
  const columns = FIGURE_NAMES.map((name) => (name === 'orders' ? name : `${name}_minor::float8 as ${name}`))
  const rows = await db.query<Figures & { account: string; day: string; currency: string }>(
    `select account_id as account, day::text as day, currency, ${columns.join(', ')} from commerce.daily_financials`,
  )
  return new Map(rows.map(({ account, day, currency, ...row }) => [`${account} ${day} ${currency}`, row]))
}

/** Entries of the ledger that move money and are no fee. */
export const MOVES = ['PAYMENT_GROSS', 'REFUND_GROSS', 'DISBURSE2']
const dayOf = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10)

/** What the figures of a seller come to, added one sale at a time. @param printify the account of Printify orders made for a channel */
export function trueFigures(
  world: World,
  made: PrintifyOrders,
  user: User,
  ids: Record<Channel, string> & { printify: Record<Channel, string> },
): Map<string, Figures> {
  const sums = new Map<string, Figures>()
  const add = (account: string, at: number, currency: string, part: Partial<Figures>) => {
    const key = `${account} ${dayOf(at)} ${currency}`
    const sum = sums.get(key) ?? { ...noFigures }
    for (const name of FIGURE_NAMES) sum[name] += part[name] ?? 0
    sum.profit = sum.revenue - sum.refunds - sum.fees - sum.cogs - sum.reprints
    sums.set(key, sum)
  }
  const links = new Map(new PrintifyTruth(world, made).links(user).map((link) => [link.printifyId, link]))
  for (const channel of CHANNELS) {
    const { currency } = user.shops[channel]
    for (const sale of world.sales(user, channel)) {
      if (channel === 'shopify' && isTest({ world, user }, sale)) continue
      const total = totalOf(sale)
      const isCounted = sale.paidAt !== null && (sale.cancelledAt === null || sale.refunds.length > 0)
      if (isCounted) add(ids[channel], sale.createdAt, currency, { orders: 1, revenue: total - sale.tax, tax: sale.tax })
      for (const { at, amount } of sale.refunds) {
        add(ids[channel], at, currency, { refunds: amount - (total === 0 ? 0 : Math.round((amount * sale.tax) / total)) })
      }
    }
    for (const { id, createdAt } of made.list(user, channel)) {
      const { orderId, cost, isReprint } = links.get(id) as { orderId: number | null; cost: number; isReprint: boolean }
      const part = isReprint ? { reprints: cost } : { cogs: cost }
      if (orderId === null) add(ids.printify[channel], createdAt, 'USD', part)
      else add(ids[channel], world.sale(user, channel, orderId).createdAt, 'USD', part)
    }
  }
  for (const sale of world.sales(user, 'shopify')) {
    const { currency } = user.shops.shopify
    if (sale.paidAt !== null && !isTest({ world, user }, sale))
      add(ids.shopify, sale.paidAt, currency, { fees: paymentFee(totalOf(sale), currency) })
  }
  for (const entry of ledgerOf(world, { user, shop: user.shops.etsy })) {
    if (!MOVES.includes(entry.ledger_type)) add(ids.etsy, entry.create_date, entry.currency, { fees: -entry.amount })
  }
  const isNothing = (figures: Figures) => FIGURE_NAMES.every((name) => figures[name] === 0)
  return new Map([...sums].filter(([, sum]) => !isNothing(sum)))
}

interface SoldOrder {
  id: string
  total: number
  tax: number
  shipping: number
  isCancelled: boolean
  isPaid: boolean
  /** `id: quantity × price` of each line, by id. */
  lines: string[]
  /** `amount at` of each refund, in their order. */
  refunds: string[]
}

/** Orders of an account with their lines and refunds, by id. */
export const storedOrders = (db: Reader, accountId: string): Promise<SoldOrder[]> =>
  db.query<SoldOrder>(
    `select o.platform_id as id, o.total_minor::float8 as total, o.tax_minor::float8 as tax, o.shipping_minor::float8 as shipping,
            o.is_cancelled as "isCancelled", o.is_paid as "isPaid",
            array(select l.platform_id || ': ' || l.quantity || ' × ' || l.price_minor from commerce.line_items l
                   where l.account_id = o.account_id and l.order_id = o.platform_id and l.deleted_at is null order by l.platform_id) as lines,
            array(select r.amount_minor || ' at ' || extract(epoch from r.created_at)::bigint from commerce.refunds r
                   where r.account_id = o.account_id and r.order_id = o.platform_id and r.deleted_at is null
                   order by r.created_at, r.amount_minor) as refunds
       from commerce.orders o where o.account_id = $1 and o.deleted_at is null order by o.platform_id`,
    [accountId],
  )

/** The same of the world: what a shop has sold; of Etsy what was paid. */
export const trueOrders = (world: World, user: User, channel: Channel): SoldOrder[] =>
  world
    .sales(user, channel)
    .filter((sale) => channel !== 'etsy' || sale.paidAt !== null)
    .map(trueOrder)
    .sort((a, b) => (a.id < b.id ? -1 : 1))

function trueOrder(sale: Sale): SoldOrder {
  const lines = sale.lines.map(({ id, quantity, price }): [string, string] => [String(id), `${id}: ${quantity} × ${price}`])
  return {
    id: String(sale.id),
    total: totalOf(sale),
    tax: sale.tax,
    shipping: sale.shipping,
    isCancelled: sale.cancelledAt !== null,
    isPaid: sale.paidAt !== null,
    lines: lines.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line),
    refunds: [...sale.refunds].sort((a, b) => a.at - b.at || a.amount - b.amount).map(({ at, amount }) => `${amount} at ${at}`),
  }
}

/** `Printify order → order of the shop (method)` of a Printify account, by id. */
export async function storedLinks(db: Reader, accountId: string): Promise<string[]> {
  const rows = await db.query<{ link: string }>(
    `select order_id || ' → ' || coalesce(shop_order_id, 'none') || case when is_reprint then ' (reprint)' else '' end as link
       from commerce.order_links where account_id = $1 order by order_id`,
    [accountId],
  )
  return rows.map(({ link }) => link)
}

export const trueLinks = (world: World, made: PrintifyOrders, user: User, channel: Channel): string[] =>
  new PrintifyTruth(world, made)
    .links(user)
    .filter((link) => link.channel === channel)
    .sort((a, b) => (a.printifyId < b.printifyId ? -1 : 1))
    .map(({ printifyId, orderId, isReprint }) => `${printifyId} → ${orderId ?? 'none'}${isReprint ? ' (reprint)' : ''}`)
