import { json, type Reply } from '../base/exchange'
import { listingOf, receiptOf, shopOf } from './etsy-documents'
import { changedPage } from './etsy-faults'
import { paymentOf } from './etsy-ledger'
import { type Ledgers, type Place, productsFor, salesFor } from './etsy-lists'
import { idsOf, pageOf } from './etsy-query'
import type { Take } from './faults'
import type { Sale } from './sales'
import type { World } from './world'

export interface Question {
  world: World
  ledgers: Ledgers
  query: URLSearchParams
  take: Take
  place: Place
  /** What follows the shop in the path. */
  id: number
}

export interface Route {
  name: string
  pattern: RegExp
  /** Which a token needs; without one the API key is enough. */
  scope?: string
  answer(question: Question): Reply
}

const listed = <T extends object>(take: Take, { count, results }: { count: number; results: T[] }, document: (one: T) => object): Reply =>
  json(changedPage(take, { count, results: results.map((one) => document(one) as Record<string, unknown>) }))

export const notFound = (what: string): Reply => json({ error: `Could not find ${what}` }, 404)

function paymentsOf({ world, place }: Question, sales: (Sale | undefined)[]): Reply {
  const results = sales.flatMap((sale) => (sale && paymentOf(world, place, sale)) ?? [])
  return json({ count: results.length, results })
}
const saleAt = ({ world, place }: Question, id: number): Sale | undefined => world.sales(place.user, 'etsy').find((sale) => sale.id === id)

/** Routes under a shop, by what follows it. */
export const SHOP_ROUTES: Route[] = [
  { name: 'shop', pattern: /^$/, answer: ({ world, place }) => json(shopOf(world, place)) },
  {
    name: 'receipts',
    pattern: /^\/receipts$/,
    scope: 'transactions_r',
    answer: ({ world, place, query, take }) =>
      listed(take, pageOf(query, salesFor(world, place, query)), (sale) => receiptOf(world, place, sale)),
  },
  {
    name: 'receipt',
    pattern: /^\/receipts\/(\d+)$/,
    scope: 'transactions_r',
    answer: (question) => {
      const sale = saleAt(question, question.id)
      return sale ? json(receiptOf(question.world, question.place, sale)) : notFound(`a receipt with receipt_id ${question.id}`)
    },
  },
  {
    name: 'receipt-payments',
    pattern: /^\/receipts\/(\d+)\/payments$/,
    scope: 'transactions_r',
    answer: (question) => paymentsOf(question, [saleAt(question, question.id)]),
  },
  {
    name: 'listings',
    pattern: /^\/listings$/,
    scope: 'listings_r',
    answer: ({ world, place, query, take }) => {
      const products = productsFor(world, place, query)
      const twice = take('etsy-duplicate-listings')
      const all = twice ? [...products, ...products.slice(0, Number(twice.count ?? 13))] : products
      return listed(take, pageOf(query, all), (product) => listingOf(place, product))
    },
  },
  {
    name: 'ledger',
    pattern: /^\/payment-account\/ledger-entries$/,
    scope: 'transactions_r',
    answer: ({ ledgers, place, query, take }) => listed(take, pageOf(query, ledgers.within(place, query)), (entry) => entry),
  },
  {
    name: 'ledger-payments',
    pattern: /^\/payment-account\/ledger-entries\/payments$/,
    scope: 'transactions_r',
    answer: (question) => {
      // An entry's id begins with its receipt's; only entries of a payment or of its adjustments have one.
      const known = new Map(question.world.sales(question.place.user, 'etsy').map((sale) => [sale.id, sale]))
      const ids = idsOf(question.query, 'ledger_entry_ids').filter((id) => [0, 1].includes(id % 1000) || Math.floor((id % 1000) / 10) === 1)
      return paymentsOf(
        question,
        [...new Set(ids.map((id) => Math.floor(id / 1000)))].map((id) => known.get(id)),
      )
    },
  },
  {
    name: 'payments',
    pattern: /^\/payments$/,
    scope: 'transactions_r',
    answer: (question) => {
      const known = new Map(question.world.sales(question.place.user, 'etsy').map((sale) => [sale.id, sale]))
      return paymentsOf(
        question,
        [...new Set(idsOf(question.query, 'payment_ids'))].map((id) => known.get(id / 10)),
      )
    },
  },
]
