import type { Reader, Tx } from '../../../base/sql'
import { DAY } from './days'

/*
 * Figures by day. Only days that are marked as changed are computed again. Currencies are never added.
 */

/** Marked days of one account, the oldest first. */
export interface MarkedDays {
  accountId: string
  days: string[]
}

/**
 * The next marked days of a user's accounts, in the order of the accounts' ids; undefined where none are left.
 * @param after null: from the first account; its `day` null: from its first day
 */
export async function nextMarkedDays(
  db: Reader,
  userId: string,
  after: { account: string | null; day: string | null },
  limit: number,
): Promise<MarkedDays | undefined> {
  const [row] = await db.query<MarkedDays>(
    `select a.id as "accountId", m.days
       from commerce.accounts a cross join lateral (
         select array_agg(day::text order by day) as days
           from (select c.day from commerce.changed_days c
                  where c.account_id = a.id and (a.id is distinct from $2::uuid or $3::date is null or c.day > $3::date)
                  order by c.day limit $4) d) m
      where a.user_id = $1 and ($2::uuid is null or a.id >= $2) and m.days is not null
      order by a.id limit 1`,
    [userId, after.account, after.day, limit],
  )
  return row
}

const FIGURES = [
  'orders',
  'revenue_minor',
  'tax_minor',
  'refunds_minor',
  'fees_minor',
  'cogs_minor',
  'reprints_minor',
  'profit_minor',
] as const

/** What an order of Printify costs; nothing, if it was cancelled. */
const COST = 'case when p.is_cancelled then 0 else coalesce(p.cost_minor, 0) end'
const WITHIN = (column: string) =>
  `${column} >= $2::date::timestamp at time zone 'UTC' and ${column} < $3::date::timestamp at time zone 'UTC'`

/** Each part gives rows of day, currency and its figures; the others are 0. */
const COMPUTED = `
  with sold as (
    select ${DAY('o.created_at')} as day, o.currency, 1 as orders, coalesce(o.total_minor, 0) - coalesce(o.tax_minor, 0) as revenue, coalesce(o.tax_minor, 0) as tax,
           0::bigint as refunds, 0::bigint as fees, 0::bigint as cogs, 0::bigint as reprints
      from commerce.orders o
     where o.account_id = $1 and ${WITHIN('o.created_at')} and o.platform <> 'printify' and o.deleted_at is null and o.is_paid and not o.is_test
       and (not o.is_cancelled or exists (
             select from commerce.refunds r
              where r.account_id = o.account_id and r.platform = o.platform and r.order_id = o.platform_id and r.deleted_at is null))),
  refunded as (
    select ${DAY('r.created_at')} as day, r.currency, 0, 0, 0, r.amount_minor - coalesce(r.tax_minor, 0), 0, 0, 0
      from commerce.refunds r
      left join commerce.orders o on o.account_id = r.account_id and o.platform = r.platform and o.platform_id = r.order_id
     where r.account_id = $1 and ${WITHIN('r.created_at')} and r.platform <> 'printify' and r.deleted_at is null and not coalesce(o.is_test, false)),
  taken as (
    select ${DAY('p.created_at')} as day, p.currency, 0, 0, 0, 0, p.fee_minor, 0, 0
      from commerce.payments p
     where p.account_id = $1 and ${WITHIN('p.created_at')} and p.deleted_at is null and p.fee_minor <> 0),
  made as (
    select ${DAY('o.created_at')} as day, p.currency, 0, 0, 0, 0, 0, case when l.is_reprint then 0 else ${COST} end, case when l.is_reprint then ${COST} else 0 end
      from commerce.orders o
      join commerce.order_links l on l.shop_account_id = o.account_id and l.shop_platform = o.platform and l.shop_order_id = o.platform_id
      join commerce.orders p on p.account_id = l.account_id and p.platform = 'printify' and p.platform_id = l.order_id and p.deleted_at is null
     where o.account_id = $1 and ${WITHIN('o.created_at')} and o.platform <> 'printify' and o.deleted_at is null
    union all
    select ${DAY('p.created_at')} as day, p.currency, 0, 0, 0, 0, 0, case when l.is_reprint then 0 else ${COST} end, case when l.is_reprint then ${COST} else 0 end
      from commerce.orders p
      join commerce.order_links l on l.account_id = p.account_id and l.order_id = p.platform_id and l.shop_order_id is null
     where p.account_id = $1 and ${WITHIN('p.created_at')} and p.platform = 'printify' and p.deleted_at is null),
  sums as (
    select day, coalesce(currency, 'XXX') as currency, sum(orders)::int as orders, sum(revenue)::bigint as revenue_minor,
           sum(tax)::bigint as tax_minor, sum(refunds)::bigint as refunds_minor, sum(fees)::bigint as fees_minor,
           sum(cogs)::bigint as cogs_minor, sum(reprints)::bigint as reprints_minor,
           (sum(revenue) - sum(refunds) - sum(fees) - sum(cogs) - sum(reprints))::bigint as profit_minor
      from (select * from sold union all select * from refunded union all select * from taken union all select * from made) figures
     group by 1, 2),
  figures as materialized (
    select * from sums
     where (orders, revenue_minor, tax_minor, refunds_minor, fees_minor, cogs_minor, reprints_minor) is distinct from (0, 0, 0, 0, 0, 0, 0)),
  gone as (
    delete from commerce.daily_financials f
     where f.account_id = $1 and f.day >= $2::date and f.day < $3::date
       and not exists (select from figures n where n.day = f.day and n.currency = f.currency))
  insert into commerce.daily_financials as f (account_id, day, currency, ${FIGURES.join(', ')})
  select $1, day, currency, ${FIGURES.join(', ')} from figures order by day, currency
  on conflict (account_id, day, currency) do update set
    ${FIGURES.map((name) => `${name} = excluded.${name}`).join(', ')}, computed_at = clock_timestamp()
  where (${FIGURES.map((name) => `f.${name}`).join(', ')}) is distinct from (${FIGURES.map((name) => `excluded.${name}`).join(', ')})`

/**
 * Computes those of the days again that are marked as changed. The marks are removed first and the figures summed in the next
 * statement: a page that is not committed yet keeps or makes its mark, and one that is committed is seen.
 * @param days `2026-01-31`, of UTC; at most some hundred
 * @returns the days that were computed
 */
export async function rollUp(tx: Tx, accountId: string, days: readonly string[]): Promise<string[]> {
  const marked = await tx.query<{ day: string }>(
    `with marked as materialized (
       select day from commerce.changed_days where account_id = $1 and day = any($2::date[]) order by day for update)
     delete from commerce.changed_days c using marked where c.account_id = $1 and c.day = marked.day returning c.day::text as day`,
    [accountId, days],
  )
  const taken = marked.map(({ day }) => day).sort()
  for (const { since, until } of runsOf(taken)) await tx.query(COMPUTED, [accountId, since, until])
  return taken
}

const dayAfter = (day: string): string => new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10)

/** Days that follow each other as one span, its end left out: with fixed bounds Postgres knows how many rows a span has. */
function runsOf(days: readonly string[]): { since: string; until: string }[] {
  const runs: { since: string; until: string }[] = []
  for (const day of days) {
    const last = runs.at(-1)
    if (last?.until === day) last.until = dayAfter(day)
    else runs.push({ since: day, until: dayAfter(day) })
  }
  return runs
}
