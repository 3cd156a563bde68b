import { type Ask, json, type Reply } from '../base/exchange'
import type { Product } from './products'
import type { Sale } from './sales'
import type { Customer } from './shopify-customers'
import { saleOf, saleStatus, visibleSales } from './shopify-lists'
import { restCustomer, restOrder, restProduct, restShop, restTransactions } from './shopify-rest-documents'
import type { Reader } from './shopify-root'

/*
 * The REST API, which is legacy: lists by `since_id`, oldest first, or by `page_info` of the Link header, newest first.
 */

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 250

/** An entry of a list: times in seconds since 1970. */
interface Item {
  id: number
  createdAt: number
  updatedAt: number
  /** Of an order. */
  status?: string
  document(): Record<string, unknown>
}

/** Where a page ended, and what the first page was asked for. */
interface Place {
  before: number
  query: Record<string, string>
}

class BadRequest extends Error {}

function items({ parts, scopes }: Reader): Record<string, { scope: string; list(): Item[] }> {
  const { store, customers } = parts
  return {
    orders: {
      scope: 'read_orders',
      list: () =>
        visibleSales(parts, scopes).map((sale: Sale) => ({
          id: sale.id,
          createdAt: sale.createdAt,
          updatedAt: sale.updatedAt,
          status: saleStatus(sale),
          document: () => restOrder(store, sale),
        })),
    },
    products: {
      scope: 'read_products',
      list: () =>
        store.world.products(store.user).map((product: Product) => ({
          id: product.id,
          createdAt: product.createdAt,
          updatedAt: product.updatedAt,
          document: () => restProduct(store, product),
        })),
    },
    customers: {
      scope: 'read_customers',
      list: () =>
        customers.all(store).map((customer: Customer) => ({
          id: customer.buyer.id,
          createdAt: customer.createdAt,
          updatedAt: customer.updatedAt,
          document: () => restCustomer(store, customer),
        })),
    },
  }
}

/** @throws {BadRequest} */
function bound(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const at = Date.parse(text) / 1000
  if (Number.isNaN(at)) throw new BadRequest(`${name}: invalid date`)
  return at
}

/** @throws {BadRequest} */
function filtered(list: Item[], query: URLSearchParams): Item[] {
  const [minCreated, maxCreated] = [bound(query, 'created_at_min'), bound(query, 'created_at_max')]
  const [minUpdated, maxUpdated] = [bound(query, 'updated_at_min'), bound(query, 'updated_at_max')]
  const since = Number(query.get('since_id') ?? 0)
  const status = query.get('status') ?? 'open'
  return list.filter(
    (item) =>
      item.id > since &&
      (item.status === undefined || status === 'any' || item.status === status) &&
      item.createdAt >= (minCreated ?? 0) &&
      item.createdAt <= (maxCreated ?? item.createdAt) &&
      item.updatedAt >= (minUpdated ?? 0) &&
      item.updatedAt <= (maxUpdated ?? item.updatedAt),
  )
}

const packed = (place: Place): string => Buffer.from(JSON.stringify(place)).toString('base64url')

/** @throws {BadRequest} */
function placeOf(query: URLSearchParams): Place | undefined {
  const text = query.get('page_info')
  if (text === null) return undefined
  const other = [...query.keys()].find((name) => !['page_info', 'limit', 'fields'].includes(name))
  if (other !== undefined) throw new BadRequest(`${other} cannot be passed when page_info is present.`)
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as Place
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new BadRequest('page_info: Invalid value.')
  }
}

function chosen(document: Record<string, unknown>, fields: string | null): Record<string, unknown> {
  if (fields === null) return document
  const names = fields.split(',').map((name) => name.trim())
  return Object.fromEntries(Object.entries(document).filter(([name]) => names.includes(name)))
}

/** A page of a list, with the address of the next one. @throws {BadRequest} */
function pageOf(ask: Ask, name: string, list: Item[]): Reply {
  const query = new URLSearchParams(ask.query)
  const limit = Number(query.get('limit') ?? DEFAULT_LIMIT)
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) throw new BadRequest(`limit: must be between 1 and ${MAX_LIMIT}`)
  const place = placeOf(query)
  const first = place ? new URLSearchParams(place.query) : query
  const found = filtered(list, first).filter(({ id }) => place === undefined || id < place.before)
  const isAscending = first.has('since_id')
  found.sort((a, b) => (isAscending ? a.id - b.id : b.id - a.id))
  const page = found.slice(0, limit)
  const body = json({ [name]: page.map((item) => chosen(item.document(), query.get('fields'))) })
  const last = page.at(-1)
  if (isAscending || !last || found.length <= limit) return body
  const { limit: _, fields, ...asked } = Object.fromEntries(first) as Record<string, string>
  const next = new URLSearchParams({
    limit: String(limit),
    page_info: packed({ before: last.id, query: asked }),
    ...(fields ? { fields } : {}),
  })
  const link = `<http://${ask.headers.host}/shopify${ask.path}?${next}>; rel="next"`
  return { ...body, headers: { ...body.headers, link } }
}

const denied = (scope: string): Reply => json({ errors: `[API] This action requires merchant approval for ${scope} scope.` }, 403)
const notFound = (): Reply => json({ errors: 'Not Found' }, 404)

function orderAt(reader: Reader, id: number, part: string | undefined): Reply {
  const { store } = reader.parts
  const sale = saleOf(store.world.sales(store.user, 'shopify'), id)
  if (!sale || !visibleSales(reader.parts, reader.scopes).includes(sale)) return notFound()
  return json(part === undefined ? { order: restOrder(store, sale) } : { transactions: restTransactions(store, sale) })
}

/** What a path below the version answers. */
export function answerRest(ask: Ask, reader: Reader, path: string): Reply {
  if (path === '/shop.json') return json({ shop: restShop(reader.parts.store) })
  const [, name = '', id, part] = /^\/(orders|products|customers)(?:\/(\d+|count)(\/transactions)?)?\.json$/.exec(path) ?? []
  const kind = items(reader)[name]
  if (!kind || ask.method !== 'GET') return notFound()
  if (!reader.scopes.includes(kind.scope)) return denied(kind.scope)
  try {
    if (id === 'count') return json({ count: filtered(kind.list(), new URLSearchParams(ask.query)).length })
    if (id === undefined) return pageOf(ask, name, kind.list())
    return name === 'orders' ? orderAt(reader, Number(id), part) : notFound()
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error
    return json({ errors: error.message }, 400)
  }
}

/** The scopes of a token. */
export const answerScopes = ({ scopes }: Pick<Reader, 'scopes'>): Reply => json({ access_scopes: scopes.map((handle) => ({ handle })) })
