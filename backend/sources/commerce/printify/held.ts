import type { Reader } from '../../../base/sql'

/*
 * What is stored of Printify's orders and products, for the streams that read them.
 */

/** As the index `orders_open` has it: Printify may still change them, and tells no time of change. */
const OPEN = `platform = 'printify' and deleted_at is null and (status is null or status not in ('fulfilled', 'canceled', 'cancelled'))`

async function countOf(db: Reader, from: string, values: unknown[]): Promise<number> {
  const [row] = await db.query<{ count: number }>(`select count(*)::float8 as count from ${from}`, values)
  return row?.count ?? 0
}

/**
 * Orders that were read since a moment.
 * @param oldest none of them was made before; null: any
 */
export function countOrders(db: Reader, accountId: string, since: Date, oldest: string | null): Promise<number> {
  const read = `commerce.orders where account_id = $1 and platform = 'printify' and read_at >= $2 and deleted_at is null`
  if (oldest === null) return countOf(db, read, [accountId, since])
  return countOf(db, `${read} and (created_at >= $3 or created_at is null)`, [accountId, since, oldest])
}

/** Products that were read since a moment. */
export const countProducts = (db: Reader, accountId: string, since: Date): Promise<number> =>
  countOf(db, `commerce.printify_products where account_id = $1 and platform = 'printify' and read_at >= $2 and deleted_at is null`, [
    accountId,
    since,
  ])

/** Whether any product is stored. */
export const hasProducts = async (db: Reader, accountId: string): Promise<boolean> =>
  (await countOf(db, `(select 1 from commerce.printify_products where account_id = $1 and deleted_at is null limit 1) p`, [accountId])) > 0

const idsOf = async (db: Reader, text: string, values: unknown[]): Promise<string[]> =>
  (await db.query<{ id: string }>(text, values)).map(({ id }) => id)

/**
 * Whether one of these orders was stored before a moment; also true if none of the account was. A backfill may have left out old orders,
 * so that not all of them need be.
 */
export async function meetsStored(db: Reader, accountId: string, ids: readonly string[], before: Date): Promise<boolean> {
  const [row] = await db.query<{ is: boolean }>(
    `select exists (select from commerce.orders where account_id = $1 and platform = 'printify' and platform_id = any($2) and read_at < $3)
         or not exists (select from commerce.orders where account_id = $1 and platform = 'printify' and read_at < $3) as is`,
    [accountId, ids, before],
  )
  return row?.is === true
}

/** How many orders may still change and were not read since a moment; no more than `most` are counted. */
export const countOpen = (db: Reader, accountId: string, since: Date, most: number): Promise<number> =>
  countOf(db, `(select 1 from commerce.orders where account_id = $1 and ${OPEN} and read_at < $2 limit $3) o`, [accountId, since, most])

/** Those orders after an id, in the order of their ids. */
export const openOrders = (db: Reader, accountId: string, since: Date, after: string, limit: number): Promise<string[]> =>
  idsOf(
    db,
    `select platform_id as id from commerce.orders where account_id = $1 and ${OPEN} and read_at < $2 and platform_id > $3 order by platform_id limit $4`,
    [accountId, since, after, limit],
  )

/** Orders that were not read since a moment. */
export const unseenOrders = (db: Reader, accountId: string, since: Date, limit: number): Promise<string[]> =>
  idsOf(
    db,
    `select platform_id as id from commerce.orders
      where account_id = $1 and platform = 'printify' and read_at < $2 and deleted_at is null limit $3`,
    [accountId, since, limit],
  )
