import type { Tx } from '../../../base/sql'
import type { Written } from '../../../contract'
import { daysOf, markDays } from './days'
import { linkOrders } from './links'
import { saveOrders } from './orders'
import type { AccountRef, CustomerRecord, ListingRecord, OrderRecord, PaymentRecord, ProductRecord, RefundLineRecord } from './records'
import { type Row, type Saved, save } from './save'
import type { Table } from './tables'

/** What a page showed. */
export interface Batch {
  customers?: readonly CustomerRecord[]
  listings?: readonly ListingRecord[]
  /** Of Printify. */
  products?: readonly ProductRecord[]
  orders?: readonly OrderRecord[]
  /** Orders that the platform no longer has, by id. */
  goneOrders?: readonly string[]
  /** Lines of refunds that pages of their own list: what they do not list stays. */
  refundLines?: readonly RefundLineRecord[]
  payments?: readonly PaymentRecord[]
}

/**
 * Writes a page. Tables have one order for all pages; then come the lock of the user with the links, and the days last, so that no two
 * pages wait for each other in a circle.
 * @param readAt when the request that showed it was sent, by the database's clock
 * @param beside rows of other lists that came with it, such as the buyers of orders: they are written and not counted
 */
export async function write(tx: Tx, account: AccountRef, batch: Batch, readAt: Date, beside: Batch = {}): Promise<Written> {
  const all: Batch = { ...beside, ...batch }
  const put = (table: Table, records: readonly object[] = []) => save(tx, table, account, records as readonly Row[], readAt)
  const customers = await put('customers', all.customers)
  const listings = await put('listings', all.listings)
  const products = await put('printify_products', all.products)
  const orders = await saveOrders(tx, account, all.orders ?? [], all.goneOrders ?? [], readAt)
  const refundLines = await put('refund_lines', all.refundLines)
  const ids = (all.payments ?? []).map(({ platformId }) => platformId)
  const before = await daysOf(tx, 'payments', account, ids, { isLocked: true })
  const payments = await put('payments', all.payments)
  const isChanged = new Set(payments.changed)
  const after = await daysOf(tx, 'payments', account, payments.changed)
  const linked = await linkOrders(tx, account, { ids: orders.changed, numbers: orders.numbers })
  await markDays(tx, [...orders.days, ...linked, ...before.filter(({ id }) => isChanged.has(id)), ...after])
  const saved: Partial<Record<keyof Batch, Saved>> = { customers, listings, products, orders, refundLines, payments }
  const counted = Object.entries(saved).flatMap(([name, one]) => (batch[name as keyof Batch] ? [one] : []))
  return { ...sumOf(counted), deleted: orders.deleted }
}

function sumOf(list: readonly Saved[]): Pick<Saved, 'new' | 'updated' | 'unchanged'> {
  const sum = (name: 'new' | 'updated' | 'unchanged') => list.reduce((total, saved) => total + saved[name], 0)
  return { new: sum('new'), updated: sum('updated'), unchanged: sum('unchanged') }
}

const UNSEEN = (table: string, also = '') => `unseen as materialized (
  select platform_id from commerce.${table}
   where account_id = $1 and platform = $2 and read_at < $3 and deleted_at is null ${also} order by platform_id for update)`
const CHANGED = 'read_at = $3, stored_at = clock_timestamp(), stored_in = pg_current_xact_id()::text::bigint'
const IS_UNSEEN = 't.account_id = $1 and t.platform = $2 and t.platform_id = unseen.platform_id'

/**
 * Marks as deleted what a complete reading did not show.
 * @param since when the reading started: what was read before it, and not in it, is gone
 * @returns how many
 */
export async function deleteUnseen(tx: Tx, account: AccountRef, table: 'listings' | 'printify_products', since: Date): Promise<number> {
  const gone = await tx.query(
    `with ${UNSEEN(table)} update commerce.${table} t set deleted_at = $3, ${CHANGED} from unseen where ${IS_UNSEEN} returning 1`,
    [account.id, account.platform, since],
  )
  return gone.length
}

/**
 * Forgets the status of listings that a complete reading of some states did not show: they are in another state, or gone.
 * @param since when the reading started
 */
export async function forgetStatus(tx: Tx, account: AccountRef, since: Date, states: readonly string[]): Promise<void> {
  await tx.query(
    `with ${UNSEEN('listings', 'and status = any($4)')} update commerce.listings t set status = null, ${CHANGED} from unseen where ${IS_UNSEEN}`,
    [account.id, account.platform, since, states],
  )
}
