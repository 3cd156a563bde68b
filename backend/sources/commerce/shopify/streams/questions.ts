import { z } from 'zod'
import { ask, call, type Shop, type ShopifyIo } from '../client'
import { expandedScopes } from '../oauth'
import { countOf, firstOf } from '../queries'
import { restRange } from '../search'
import { type Facts, searchOf, type Target, type Transport } from './target'

/*
 * What is asked before a list is read: what the app may read, what the shop is, and how many objects there are.
 */

export interface Counted {
  count: number
  /** False: there are so many or more. */
  isExact: boolean
  notes: string[]
}

export interface First extends Counted {
  scopes: readonly string[]
  facts: Facts
}

type Counting = Pick<Target, 'list' | 'kind' | 'from' | 'to'>

export interface Questions {
  /** All of it. @throws {AccessDenied} where the app may not read the list */
  first(io: ShopifyIo, shop: Shop, at: Counting): Promise<First>
  /** The count alone. */
  count(io: ShopifyIo, shop: Shop, at: Counting): Promise<Counted>
}

const factsOf = (scopes: readonly string[], currency: string, createdAt: string): Facts => ({
  withCustomer: scopes.includes('read_customers'),
  currency,
  openedAt: new Date(createdAt).toISOString(),
})

const countedOf = ({ count, precision }: { count: number; precision: string }) => ({ count, isExact: precision === 'EXACT' })

const graphql: Questions = {
  async first(io, shop, at) {
    const { data, notes } = await ask(io, shop, firstOf(at.list), { query: searchOf(at) })
    const scopes = expandedScopes(data.currentAppInstallation.accessScopes.map(({ handle }) => handle))
    return { scopes, facts: factsOf(scopes, data.shop.currencyCode, data.shop.createdAt), ...countedOf(data.count), notes }
  },
  async count(io, shop, at) {
    const { data, notes } = await ask(io, shop, countOf(at.list), { query: searchOf(at) })
    return { ...countedOf(data.count), notes }
  },
}

const shopDocument = z.object({ shop: z.object({ currency: z.string(), created_at: z.string() }) })
const countDocument = z.object({ count: z.int().nonnegative() })

const rest: Questions = {
  async first(io, shop, at) {
    const { data } = await call(io, shop, '/shop.json', shopDocument)
    const scopes = await grantedOf(io, shop)
    const facts = factsOf(scopes, data.shop.currency, data.shop.created_at)
    return { scopes, facts, ...(await rest.count(io, shop, at)) }
  },
  async count(io, shop, at) {
    const { data, notes } = await call(io, shop, `/${at.list}/count.json?${restRange(at)}`, countDocument)
    return { count: data.count, isExact: true, notes }
  },
}

async function grantedOf(io: ShopifyIo, shop: Shop): Promise<string[]> {
  const { data } = await io.http('shopify').request({
    path: '/admin/oauth/access_scopes.json',
    account: shop.credential,
    scopeOf: shop.name,
    schema: z.object({ access_scopes: z.array(z.object({ handle: z.string() })) }),
  })
  return expandedScopes((data?.access_scopes ?? []).map(({ handle }) => handle))
}

/** @param transport by which the list is read */
export const questionsOf = (transport: Transport | null): Questions => (transport === 'rest' ? rest : graphql)
