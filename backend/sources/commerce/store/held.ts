import type { Json } from '../../../base/json'
import type { Reader } from '../../../base/sql'
import type { AccountRef } from './records'

/*
 * What is held of an account, for streams that compare it with what a platform shows.
 */

const OF_ACCOUNT = 'account_id = $1 and platform = $2 and deleted_at is null'

/** When the oldest order was made; null without any. */
export async function firstOrderAt(db: Reader, { id, platform }: AccountRef): Promise<Date | null> {
  const [row] = await db.query<{ at: Date }>(
    `select created_at as at from commerce.orders where ${OF_ACCOUNT} and created_at is not null order by account_id, created_at limit 1`,
    [id, platform],
  )
  return row?.at ?? null
}

/** How many cancelled orders were made in a window. @param from, to seconds since 1970; `to` is not part of it */
export async function countCancelled(
  db: Reader,
  { id, platform }: AccountRef,
  { from, to }: { from: number; to: number },
): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `select count(*)::int as count from commerce.orders
      where ${OF_ACCOUNT} and is_cancelled and created_at >= to_timestamp($3) and created_at < to_timestamp($4)`,
    [id, platform, from, to],
  )
  return row?.count ?? 0
}

/** How many listings a reading has shown. @param since when it started */
export async function countListings(db: Reader, { id, platform }: AccountRef, since: Date): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `select count(*)::int as count from commerce.listings where ${OF_ACCOUNT} and read_at >= $3`,
    [id, platform, since],
  )
  return row?.count ?? 0
}

/** The orders that these payments are linked to, by id of the payment; those that are linked to none are left out. */
export async function linkedOrders(db: Reader, { id, platform }: AccountRef, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await db.query<{ payment: string; order: string }>(
    `select platform_id as payment, order_id as order from commerce.payments
      where ${OF_ACCOUNT} and platform_id = any($3) and order_id is not null`,
    [id, platform, ids],
  )
  return new Map(rows.map(({ payment, order }) => [payment, order]))
}

/** The orders of these lines, by id of the line. */
export async function ordersOfLines(db: Reader, { id, platform }: AccountRef, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await db.query<{ line: string; order: string }>(
    `select platform_id as line, order_id as order from commerce.line_items where account_id = $1 and platform = $2 and platform_id = any($3)`,
    [id, platform, ids],
  )
  return new Map(rows.map(({ line, order }) => [line, order]))
}

/**
 * Payments that wait for the line they are about, whose order is held now: the documents, by the order.
 * @returns also the time of the database
 */
export async function paymentsOfLines(
  db: Reader,
  { id, platform }: AccountRef,
  limit: number,
): Promise<{ raw: Json; order: string; now: Date }[]> {
  return await db.query(
    `select p.raw, l.order_id as order, clock_timestamp() as now
       from commerce.payments p join commerce.line_items l on (l.account_id, l.platform, l.platform_id) = (p.account_id, p.platform, p.reference_id)
      where p.account_id = $1 and p.platform = $2 and p.deleted_at is null and p.reason = 'transaction_not_read'
      order by p.platform_id limit $3`,
    [id, platform, limit],
  )
}

/** The documents of these payments, as they came. */
export async function rawPayments(db: Reader, { id, platform }: AccountRef, ids: readonly string[]): Promise<Json[]> {
  const rows = await db.query<{ raw: Json }>(
    `select raw from commerce.payments where ${OF_ACCOUNT} and platform_id = any($3) order by platform_id`,
    [id, platform, ids],
  )
  return rows.map(({ raw }) => raw)
}

/** Which of these orders were last read before the moment given for each. */
export async function readBefore(db: Reader, { id, platform }: AccountRef, moments: ReadonlyMap<string, Date>): Promise<string[]> {
  if (moments.size === 0) return []
  const rows = await db.query<{ order: string }>(
    `select platform_id as order from commerce.orders o join unnest($3::text[], $4::timestamptz[]) as m (id, at) on m.id = o.platform_id
      where ${OF_ACCOUNT} and o.read_at < m.at order by 1`,
    [id, platform, [...moments.keys()], [...moments.values()]],
  )
  return rows.map(({ order }) => order)
}
