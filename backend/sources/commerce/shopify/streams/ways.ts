import { z } from 'zod'
import { ask, call, type Shop, type ShopifyIo } from '../client'
import { countOf, SHOP } from '../queries'
import { restRange } from '../search'
import { type Facts, searchOf, type Target } from './target'

/*
 * What is asked before anything is read: what the app may read, what the shop is, and how many objects there are.
 */

export interface About {
  scopes: readonly string[]
  facts: Facts
  notes: string[]
}

export interface Counted {
  count: number
  /** False: there are so many or more. */
  isExact: boolean
  notes: string[]
}

export interface Way {
  about(io: ShopifyIo, shop: Shop): Promise<About>
  count(io: ShopifyIo, shop: Shop, at: Pick<Target, 'list' | 'kind' | 'from' | 'to'>): Promise<Counted>
}

const factsOf = (scopes: readonly string[], currency: string, createdAt: string): Facts => ({
  withCustomer: scopes.includes('read_customers'),
  currency,
  openedAt: new Date(createdAt).toISOString(),
})

const graphql: Way = {
  async about(io, shop) {
    const { data, notes } = await ask(io, shop, SHOP)
    const scopes = data.currentAppInstallation.accessScopes.map(({ handle }) => handle)
    return { scopes, facts: factsOf(scopes, data.shop.currencyCode, data.shop.createdAt), notes }
  },
  async count(io, shop, at) {
    const { data, notes } = await ask(io, shop, countOf(at.list), { query: searchOf(at) })
    return { count: data.count.count, isExact: data.count.precision === 'EXACT', notes }
  },
}

const shopDocument = z.object({ shop: z.object({ currency: z.string(), created_at: z.string() }) })
const countDocument = z.object({ count: z.int().nonnegative() })

const rest: Way = {
  async about(io, shop) {
    const { data, notes } = await call(io, shop, '/shop.json', shopDocument)
    const scopes = await grantedOf(io, shop)
    return { scopes, facts: factsOf(scopes, data.shop.currency, data.shop.created_at), notes }
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
  return (data?.access_scopes ?? []).map(({ handle }) => handle)
}

export const wayOf = (transport: string | null): Way => (transport === 'rest' ? rest : graphql)
