import { z } from 'zod'
import { defineStream, type Io, type Page, type Step } from '../../../contract'
import { cellOf, placeOf } from '../entities'
import type { CommerceParams } from '../params'
import { isReject } from '../reading'
import { type Account, accountOf } from '../store/accounts'
import type { ProductRecord } from '../store/records'
import { deleteUnseen } from '../store/write'
import { type PageBatch, writePage } from '../streams/page'
import { listProducts, providersOf } from './client'
import { countProducts, hasProducts } from './held'
import { advance, anew, emptied, newReading, outcomeOf, reading, sinceOf } from './reading'
import { readProduct } from './records'

/*
 * The products of a shop, with what their variants cost today. The list is always read as a whole: it has no filter, and what it no
 * longer shows is gone.
 */

const productsCursor = z.object({
  account: z.uuid(),
  /** Names of print providers by id, read once for the task; null: not yet. */
  providers: z.record(z.string(), z.string()).nullable(),
  phase: z.enum(['list', 'check']),
  reading,
})
type ProductsCursor = z.infer<typeof productsCursor>

export const firstProductsCursor = (account: string): ProductsCursor => ({ account, providers: null, phase: 'list', reading: newReading() })

type ProductsStep = Step<ProductsCursor, CommerceParams>
type ProductsPage = Page<ProductsCursor, PageBatch>

const whatOf = ({ shopId }: Account): string => `products of shop ${shopId}`

async function readList(step: ProductsStep, io: Io, account: Account): Promise<ProductsPage> {
  const { cursor, job } = step
  const providers = cursor.providers ?? (await providersOf(io, account))
  const listed = await listProducts(io, account, cursor.reading.place.page)
  const surroundings = { currency: account.currency, providers: new Map(Object.entries(providers)) }
  const read = listed.data.map((raw) => readProduct(raw, surroundings))
  const products = read.filter((one): one is ProductRecord => !isReject(one))
  const rejected = read.filter(isReject)
  const ids = read.map((one) => (isReject(one) ? one.key : one.platformId))
  const apart = rejected.map(({ key }) => key)
  const shown = { sentAt: listed.sentAt, apart, hasRejects: apart.length > 0, made: [], isEnough: false }
  const after = advance(cursor.reading, { ...listed, ids }, shown)
  const found = after.reading.round === 1 ? after.fresh : 0
  const expected = listed.total ?? undefined
  const page: ProductsPage = {
    batch: { job, account, entity: 'products', rows: { products }, readAt: listed.sentAt, found, expected },
    next: { ...cursor, providers, reading: after.reading, phase: after.isOver ? 'check' : 'list' },
    rejected,
    expected,
    foreseen: expected === undefined ? undefined : [{ ...placeOf(account, 'products'), expected }],
  }
  return after.isRestless
    ? { ...page, ...again(cursor, 'unstable_list', `the ${whatOf(account)} change faster than they can be read`) }
    : page
}

function again(cursor: ProductsCursor, kind: string, reason: string): Pick<ProductsPage, 'next' | 'failed'> {
  const { reading: next, failed } = anew(cursor.reading, kind, reason)
  const start: ProductsCursor = { ...cursor, phase: 'list', reading: next }
  return failed ? { next: null, failed: { ...failed, from: start } } : { next: start }
}

/** Counts what the reading stored; what a complete one did not show is gone, unless it was shown and could not be read. */
async function check({ cursor, job }: ProductsStep, io: Io, account: Account): Promise<ProductsPage> {
  const since = sinceOf(cursor.reading)
  const outcome = outcomeOf(cursor.reading, whatOf(account), await countProducts(io.held, account.id, since))
  const batch: PageBatch = { job, account, entity: 'products', rows: {}, readAt: since, found: 0 }
  if (outcome.is === 'different') return { batch, ...again(cursor, 'count_mismatch', outcome.reason) }
  if (outcome.is === 'unverified') return { batch, next: null, unverified: outcome.reason }
  if (cursor.reading.hasRejects) return { batch, next: null }
  if (cursor.reading.counted === 0 && (await hasProducts(io.held, account.id)))
    return { batch, next: null, unverified: emptied(whatOf(account)) }
  return { batch: { ...batch, also: (tx) => deleteUnseen(tx, account, 'printify_products', since) }, next: null }
}

/** Products of a Printify shop. */
export const printifyProducts = defineStream<ProductsCursor, PageBatch, CommerceParams>({
  queue: 'printify_backfill_queue',
  cursor: productsCursor,
  async read(step, io) {
    const account = await accountOf(io.held, step.cursor.account)
    return await (step.cursor.phase === 'list' ? readList(step, io, account) : check(step, io, account))
  },
  write: writePage,
  cell: cellOf,
})
