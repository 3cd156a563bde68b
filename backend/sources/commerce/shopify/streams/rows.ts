import { isRecord, type Json } from '../../../../base/json'
import type { Reject } from '../../../../contract'
import { isReject } from '../../reading'
import type { CustomerRecord, ListingRecord, RefundLineRecord } from '../../store/records'
import type { Batch } from '../../store/write'
import { readCustomer, readProduct } from '../catalog'
import type { Shop } from '../client'
import { type Form, GRAPHQL } from '../form'
import { type ReadOrder, readOrder } from '../orders'
import { readRefundLine } from '../refunds'
import { isIn } from '../windows'
import type { Target } from './target'

/** What the entries of a page are stored as. */
export interface PageRows {
  rows: Batch
  /** What comes with them and is not counted. */
  beside: Batch
  rejected: Reject[]
  /** Of the entries: those in the window, among them those that could not be read. */
  inside: number
  /** Ids of refunds, as GraphQL writes them: their lines are read apart. */
  refunds: string[]
}

const isKept = <T extends object>(one: T | Reject): one is T => !isReject(one)

const createdAt = (entry: unknown): string | undefined => {
  const at = isRecord(entry) ? (entry.createdAt ?? entry.created_at) : undefined
  return typeof at === 'string' ? at : undefined
}

/** An entry that does not tell when it was made is taken for one of the window. */
const countInside = (entries: readonly unknown[], span: Target): number =>
  entries.filter((entry) => isIn(span, createdAt(entry) ?? span.from ?? '1970-01-01T00:00:00Z')).length

function ordersOf(entries: readonly unknown[], form: Form): Omit<PageRows, 'inside'> {
  const read = entries.map((raw) => readOrder(raw, form))
  const kept = read.filter((one): one is ReadOrder => !isReject(one))
  const orders = kept.map(({ order }) => order)
  const lines =
    form === GRAPHQL ? [] : orders.flatMap(({ refunds, currency }) => refunds.flatMap((refund) => linesIn(refund, currency, form)))
  return {
    rows: { orders },
    beside: {
      payments: kept.flatMap(({ payments }) => payments),
      ...(lines.length > 0 ? { refundLines: lines.filter(isKept<RefundLineRecord>) } : {}),
    },
    rejected: [
      ...read.filter((one): one is Reject => isReject(one)),
      ...kept.flatMap(({ rejected }) => rejected),
      ...lines.filter(isReject),
    ],
    refunds: form === GRAPHQL ? orders.flatMap(({ refunds }) => refunds.map(({ platformId }) => platformId)) : [],
  }
}

/** The lines that a refund of REST came with. */
function linesIn(
  { platformId: id, createdAt: at, raw }: { platformId: string; createdAt: string | null; raw: Json },
  currency: string | null,
  form: Form,
) {
  const lines = isRecord(raw) && Array.isArray(raw.refund_line_items) ? raw.refund_line_items : []
  return lines.map((line) => readRefundLine(line, { id, createdAt: at, currency }, form))
}

/** Reads entries of a list. @param form how they came */
export function rowsOf(at: Target, shop: Shop, entries: readonly unknown[], form = GRAPHQL): PageRows {
  const inside = countInside(entries, at)
  if (at.list === 'orders') return { ...ordersOf(entries, form), inside }
  const store = { currency: at.facts.currency, name: shop.name }
  const read: (ListingRecord | CustomerRecord | Reject)[] = entries.map((raw) =>
    at.list === 'products' ? readProduct(raw, store, form) : readCustomer(raw, form),
  )
  const kept = read.filter((one): one is ListingRecord | CustomerRecord => !isReject(one))
  const rows: Batch = at.list === 'products' ? { listings: kept as ListingRecord[] } : { customers: kept as CustomerRecord[] }
  return { rows, beside: {}, rejected: read.filter((one): one is Reject => isReject(one)), inside, refunds: [] }
}
