import type { Reader } from '../../../base/sql'

/** A row of `daily_financials`, with the shop that it is about. */
export interface DayFigures {
  account_id: string
  platform: string
  shopId: string
  /** `2026-01-31`, of UTC. */
  day: string
  currency: string
  orders: number
  revenue_minor: bigint
  tax_minor: bigint
  refunds_minor: bigint
  fees_minor: bigint
  cogs_minor: bigint
  reprints_minor: bigint
  profit_minor: bigint
}

/** Figures of a user's accounts by day, both ends included. */
export const readFinancials = (db: Reader, userId: string, from: string, to: string): Promise<DayFigures[]> =>
  db.query<DayFigures>(
    `select f.account_id, a.platform, a.shop_id as "shopId", f.day::text as day, f.currency, f.orders, f.revenue_minor, f.tax_minor,
            f.refunds_minor, f.fees_minor, f.cogs_minor, f.reprints_minor, f.profit_minor
       from commerce.accounts a
       join commerce.daily_financials f on f.account_id = a.id and f.day >= $2::date and f.day <= $3::date
      where a.user_id = $1 order by f.day, a.platform, a.shop_id, f.currency`,
    [userId, from, to],
  )
