import type { User } from '../../backend/sandbox/commerce/people'
import { stillCommerce } from './commerce-sandbox'

export type Json = ReturnType<typeof JSON.parse>

/** Shopify's shops, whose time stands still until it is moved; questions are those of the first seller. */
export async function stillShopify(options: Parameters<typeof stillCommerce>[0] = {}) {
  const it_ = await stillCommerce({ users: 2, ordersPerShop: 300, productsPerShop: 40, ...options })
  const user = it_.world.users[0] as User
  const of = (seller: User = user) => it_.sandbox.urls.SHOPIFY_URL.replace('{shop}', `${seller.shops.shopify.name}.myshopify.com`)
  const token = (seller: User = user, scopes?: string[]) => it_.shopify.access.grant(seller, scopes && { scopes }).access_token
  const auth = (given = token()) => ({ 'x-shopify-access-token': given })
  const ask = (query: string, variables: object = {}, headers: Record<string, string> = auth(), version = '2026-10') =>
    it_.post(`${of()}/admin/api/${version}/graphql.json`, JSON.stringify({ query, variables }), {
      'content-type': 'application/json',
      ...headers,
    })
  return {
    ...it_,
    user,
    of,
    token,
    auth,
    ask,
    /** The data of a query that must have no error. */
    async data(query: string, variables: object = {}, headers?: Record<string, string>): Promise<Json> {
      const answer = (await ask(query, variables, headers)).json()
      if (answer.errors) throw new Error(JSON.stringify(answer.errors))
      return answer.data
    },
    sold: () => it_.world.sales(user, 'shopify'),
  }
}
