import type { Tx } from '../../../base/sql'
import { type ChangedDay, DAY } from './days'
import type { AccountRef } from './records'

/*
 * Which order of a shop an order of Printify is made for. Either may come first: a page of one side links again whatever its orders may
 * concern on the other, so that all orders of arrival end in the same links.
 */

/** Orders that a page changed. */
export interface ChangedOrders {
  ids: readonly string[]
  /** Numbers they had before. */
  numbers: readonly string[]
}

interface Link {
  accountId: string
  orderId: string
  /** Null: not linked. */
  shopAccountId: string | null
  shopPlatform: string | null
  shopOrderId: string | null
  method: string
  reason: string | null
  isReprint: boolean
}

interface Found extends Link {
  isGone: boolean
  isOther: boolean
  day: string | null
  shopDay: string | null
  oldShopAccountId: string | null
  oldShopDay: string | null
}

/** Orders of Printify that orders of a shop may concern: which name them, or are linked to them. */
const NAMING = `
  select p.account_id, p.platform_id as order_id
    from commerce.accounts a
    join commerce.orders p on p.account_id = a.id and p.shop_order_id = any($3)
   where a.user_id = $1 and a.platform = 'printify'
  union
  select p.account_id, p.platform_id
    from commerce.accounts a
    join commerce.orders p on p.account_id = a.id and p.shop_order_label = any(
      $5::text[] || array(select number from commerce.orders where account_id = $2 and platform = $4 and platform_id = any($3)))
   where a.user_id = $1 and a.platform = 'printify'
  union
  select account_id, order_id from commerce.order_links
   where shop_account_id = $2 and shop_platform = $4 and shop_order_id = any($3)`

/** The changed orders of Printify themselves. */
const CHANGED = 'select $2::uuid as account_id, unnest($3::text[]) collate "C" as order_id'

/*
 * `chain` goes from a reprint that names nothing to the order it replaces. Of the orders of the user's shops those with the id are
 * taken, of several the one with the label too; if there is none, those with the label alone.
 */
const resolve = (seeds: string): string => `
  with recursive seeds as (${seeds}),
  touched as (
    select account_id, order_id from seeds
    union
    select r.account_id, r.platform_id from touched t
      join commerce.orders r on r.account_id = t.account_id and r.platform = 'printify' and r.reprint_of = t.order_id),
  chain as (
    select t.account_id, t.order_id, o.shop_order_id as id, o.shop_order_label as label, o.reprint_of, 0 as depth
      from touched t
      join commerce.orders o on o.account_id = t.account_id and o.platform = 'printify' and o.platform_id = t.order_id and o.deleted_at is null
    union all
    select c.account_id, c.order_id, o.shop_order_id, o.shop_order_label, o.reprint_of, c.depth + 1
      from chain c
      join commerce.orders o on o.account_id = c.account_id and o.platform = 'printify' and o.platform_id = c.reprint_of
     where c.id is null and c.label is null and c.depth < 8),
  named as materialized (select distinct on (account_id, order_id) account_id, order_id, id, label from chain order by account_id, order_id, depth desc),
  shops as materialized (select id, platform from commerce.accounts where user_id = $1 and platform <> 'printify'),
  found as (
    select n.account_id, n.order_id, s.account_id as shop_account_id, s.platform, s.platform_id, 'shop_order_id' as method,
           case when s.number = n.label then 1 else 2 end as place
      from named n cross join shops a
      join commerce.orders s on s.account_id = a.id and s.platform = a.platform and s.platform_id = n.id and s.deleted_at is null
    union all
    select n.account_id, n.order_id, s.account_id, s.platform, s.platform_id, 'label', 3
      from named n cross join shops a
      join commerce.orders s on s.account_id = a.id and s.platform = a.platform and s.number = n.label and s.deleted_at is null),
  best as (
    select account_id, order_id, (array_agg(shop_account_id))[1] as shop_account_id, min(platform) as platform, min(platform_id) as platform_id,
           min(method) as method, count(*) as several
      from (select *, rank() over (partition by account_id, order_id order by place) as first from found) ranked where first = 1
     group by account_id, order_id),
  linked as (
    select t.account_id, t.order_id, o.deleted_at is not null or o.platform_id is null as is_gone, o.created_at,
           b.shop_account_id, b.platform as shop_platform, b.platform_id as shop_order_id, coalesce(b.method, 'unlinked') as method,
           case when b.method is not null then null when f.order_id is not null then 'ambiguous'
                when n.id is null and n.label is null then 'no_reference' else 'not_found' end as reason,
           o.reprint_of is not null as is_reprint
      from touched t
      left join commerce.orders o on o.account_id = t.account_id and o.platform = 'printify' and o.platform_id = t.order_id
      left join named n on n.account_id = t.account_id and n.order_id = t.order_id
      left join best b on b.account_id = t.account_id and b.order_id = t.order_id and b.several = 1
      left join best f on f.account_id = t.account_id and f.order_id = t.order_id)
  select l.account_id as "accountId", l.order_id as "orderId", l.shop_account_id as "shopAccountId", l.shop_platform as "shopPlatform",
         l.shop_order_id as "shopOrderId", l.method, l.reason, l.is_reprint as "isReprint", l.is_gone as "isGone",
         (old.method, old.reason, old.is_reprint, old.shop_account_id, old.shop_platform, old.shop_order_id) is distinct from
         (l.method, l.reason, l.is_reprint, l.shop_account_id, l.shop_platform, l.shop_order_id) as "isOther",
         ${DAY('l.created_at')}::text as day, ${DAY('s.created_at')}::text as "shopDay",
         old.shop_account_id as "oldShopAccountId", ${DAY('o.created_at')}::text as "oldShopDay"
    from linked l
    left join commerce.order_links old on old.account_id = l.account_id and old.order_id = l.order_id
    left join commerce.orders s on s.account_id = l.shop_account_id and s.platform = l.shop_platform and s.platform_id = l.shop_order_id
    left join commerce.orders o on o.account_id = old.shop_account_id and o.platform = old.shop_platform and o.platform_id = old.shop_order_id
   order by l.account_id, l.order_id`

/**
 * Links orders of Printify again that changed, or that the changed orders of a shop may concern. Pages of one user do this one after
 * another, so that of two that commit side by side the later one sees the orders of the other.
 * @returns days whose costs are others now
 */
export async function linkOrders(tx: Tx, account: AccountRef, { ids, numbers }: ChangedOrders): Promise<ChangedDay[]> {
  if (ids.length === 0) return []
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`commerce ${account.userId}`])
  const isPrintify = account.platform === 'printify'
  const values = [account.userId, account.id, ids]
  const found = isPrintify
    ? await tx.query<Found>(resolve(CHANGED), values)
    : await tx.query<Found>(resolve(NAMING), [...values, account.platform, numbers])
  await removeLinks(
    tx,
    found.filter(({ isGone }) => isGone),
  )
  const changed = found.filter(({ isGone, isOther }) => isOther && !isGone)
  await saveLinks(tx, changed)
  const isChanged = new Set(isPrintify ? ids : [])
  return found.filter(({ isOther, isGone, orderId }) => isOther || isGone || isChanged.has(orderId)).flatMap(daysFor)
}

function daysFor(link: Found): ChangedDay[] {
  const days = [
    { accountId: link.accountId, day: link.day },
    { accountId: link.shopAccountId, day: link.shopDay },
    { accountId: link.oldShopAccountId, day: link.oldShopDay },
  ]
  return days.filter((one): one is ChangedDay => one.accountId !== null && one.day !== null)
}

async function saveLinks(tx: Tx, links: readonly Link[]): Promise<void> {
  if (links.length === 0) return
  await tx.query(
    `insert into commerce.order_links (account_id, order_id, shop_account_id, shop_platform, shop_order_id, method, reason, is_reprint)
     select * from jsonb_to_recordset($1::jsonb) as l ("accountId" uuid, "orderId" text, "shopAccountId" uuid, "shopPlatform" text,
                   "shopOrderId" text, "method" text, "reason" text, "isReprint" boolean)
     on conflict (account_id, order_id) do update set
       shop_account_id = excluded.shop_account_id, shop_platform = excluded.shop_platform, shop_order_id = excluded.shop_order_id,
       method = excluded.method, reason = excluded.reason, is_reprint = excluded.is_reprint, linked_at = clock_timestamp()`,
    [JSON.stringify(links)],
  )
}

async function removeLinks(tx: Tx, links: readonly Link[]): Promise<void> {
  if (links.length === 0) return
  await tx.query('delete from commerce.order_links where (account_id, order_id) in (select * from unnest($1::uuid[], $2::text[]))', [
    links.map(({ accountId }) => accountId),
    links.map(({ orderId }) => orderId),
  ])
}
