import type { Tx } from '../../../base/sql'
import { type ChangedDay, DAY, daysOf } from './days'
import type { AccountRef, OrderRecord } from './records'
import { newest, type Row, type Saved, save } from './save'

/*
 * Orders with their parts. The parts of an order are those of its newest statement, written only when that statement changes it: the
 * row of the order is locked by then, so that two pages do not mix their parts.
 */

const PARENTS = { line_items: 'order_id', fulfillments: 'order_id', refunds: 'order_id', refund_lines: 'refund_id' } as const
type PartTable = keyof typeof PARENTS

export interface SavedOrders extends Saved {
  /** Orders and parts of orders that are gone. */
  deleted: number
  /** Days whose figures are others now. */
  days: ChangedDay[]
  /** Numbers that the changed ones had before. */
  numbers: string[]
}

interface Held {
  accountId: string
  id: string
  number: string | null
  day: string | null
}

/** What is held of orders, and stays so until this page is committed. */
const lockOrders = (tx: Tx, account: AccountRef, ids: readonly string[]): Promise<Held[]> =>
  tx.query<Held>(
    `select account_id as "accountId", platform_id as id, number, ${DAY('created_at')}::text as day from commerce.orders
      where account_id = $1 and platform = $2 and platform_id = any($3) order by platform_id for update`,
    [account.id, account.platform, ids],
  )

/** Marks parts as deleted that their parents no longer have. */
async function deleteOthers(
  tx: Tx,
  table: PartTable,
  account: AccountRef,
  parents: readonly string[],
  kept: readonly Row[],
  readAt: Date,
): Promise<number> {
  if (parents.length === 0) return 0
  const gone = await tx.query(
    `update commerce.${table} set deleted_at = $5, stored_at = clock_timestamp(), stored_in = pg_current_xact_id()::text::bigint
      where account_id = $1 and platform = $2 and ${PARENTS[table]} = any($3) and platform_id <> all($4) and deleted_at is null
     returning 1`,
    [account.id, account.platform, parents, kept.map(({ platformId }) => platformId), readAt],
  )
  return gone.length
}

/** Writes the parts of orders; returns how many are gone. */
async function saveParts(tx: Tx, account: AccountRef, orders: readonly OrderRecord[], readAt: Date): Promise<number> {
  const partsOf = (list: (order: OrderRecord) => readonly object[]): Row[] =>
    orders.flatMap((order) =>
      list(order).map((part, position) => ({ ...part, position, orderId: order.platformId, updatedAt: order.updatedAt }) as unknown as Row),
    )
  const ids = orders.map(({ platformId }) => platformId)
  let deleted = 0
  const replace = async (table: PartTable, parents: readonly string[], parts: Row[]): Promise<void> => {
    await save(tx, table, account, parts, readAt, { isPart: true })
    deleted += await deleteOthers(tx, table, account, parents, parts, readAt)
  }
  await replace(
    'line_items',
    ids,
    partsOf(({ lines }) => lines),
  )
  await replace(
    'fulfillments',
    ids,
    partsOf(({ fulfillments }) => fulfillments),
  )
  await replace(
    'refunds',
    ids,
    partsOf(({ refunds }) => refunds.map(({ lines: _, ...refund }) => refund)),
  )
  const listed = orders.flatMap(({ refunds, updatedAt }) =>
    refunds.flatMap(({ platformId, lines }) => (lines === null ? [] : { refundId: platformId, updatedAt, lines })),
  )
  await replace(
    'refund_lines',
    listed.map(({ refundId }) => refundId),
    listed.flatMap(({ lines, ...refund }) => lines.map((line) => ({ ...line, ...refund }) as unknown as Row)),
  )
  return deleted + (await deleteLinesOfGone(tx, account, ids, readAt))
}

/** Lines of refunds that are gone are gone as well. */
async function deleteLinesOfGone(tx: Tx, account: AccountRef, orders: readonly string[], readAt: Date): Promise<number> {
  const gone = await tx.query<{ id: string }>(
    `select platform_id as id from commerce.refunds
      where account_id = $1 and platform = $2 and order_id = any($3) and deleted_at is not null`,
    [account.id, account.platform, orders],
  )
  return await deleteOthers(
    tx,
    'refund_lines',
    account,
    gone.map(({ id }) => id),
    [],
    readAt,
  )
}

/** Marks orders as deleted, if they were not read later; returns their ids. */
async function deleteOrders(tx: Tx, account: AccountRef, ids: readonly string[], readAt: Date): Promise<string[]> {
  if (ids.length === 0) return []
  const gone = await tx.query<{ id: string }>(
    `update commerce.orders set deleted_at = $4, read_at = $4, stored_at = clock_timestamp(), stored_in = pg_current_xact_id()::text::bigint
      where account_id = $1 and platform = $2 and platform_id = any($3) and deleted_at is null and read_at < $4
     returning platform_id as id`,
    [account.id, account.platform, ids, readAt],
  )
  return gone.map(({ id }) => id)
}

/**
 * Saves orders with their lines, fulfillments and refunds; parts that are stored and not in the newer statement are marked as deleted.
 * @param gone ids of orders that the platform no longer has
 * @param readAt when the request that showed them was sent
 */
export async function saveOrders(
  tx: Tx,
  account: AccountRef,
  records: readonly OrderRecord[],
  gone: readonly string[],
  readAt: Date,
): Promise<SavedOrders> {
  const ids = [...records.map(({ platformId }) => platformId), ...gone]
  const held = await lockOrders(tx, account, ids)
  const saved = await save(tx, 'orders', account, records as unknown as Row[], readAt)
  const deleted = await deleteOrders(tx, account, gone, readAt)
  const changed = [...saved.changed, ...deleted]
  const refundsBefore = await daysOf(tx, 'refunds', account, changed)
  const isSaved = new Set(saved.changed)
  const parts = [
    ...newest(records).filter(({ platformId }) => isSaved.has(platformId)),
    ...deleted.map((platformId) => ({ platformId, updatedAt: null, lines: [], fulfillments: [], refunds: [] }) as unknown as OrderRecord),
  ]
  const deletedParts = await saveParts(tx, account, parts, readAt)
  const isChanged = new Set(changed)
  const after = await daysOf(tx, 'orders', account, changed)
  const refundsAfter = await daysOf(tx, 'refunds', account, changed)
  const before = held.filter(({ id }) => isChanged.has(id))
  return {
    ...saved,
    changed,
    deleted: deleted.length + deletedParts,
    days: [
      ...before.flatMap(({ accountId, day }) => (day === null ? [] : { accountId, day })),
      ...refundsBefore,
      ...after,
      ...refundsAfter,
    ],
    numbers: before.flatMap(({ number }) => number ?? []),
  }
}
