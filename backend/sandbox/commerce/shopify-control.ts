import { BadControl } from '../base/input'
import type { ControlRoute } from '../base/source'
import { truthOf, userAt } from './control'
import { SCOPES, type ShopifyAccess } from './shopify-access'
import type { ShopifyTruth } from './shopify-truth'
import type { World } from './world'

function scopesIn(input: Record<string, unknown>): string[] {
  const scopes = String(input.scopes ?? '')
    .split(/[ ,]+/)
    .filter((scope) => scope !== '')
  const unknown = scopes.find((scope) => !SCOPES.includes(scope))
  if (unknown !== undefined) throw new BadControl(`there is no scope ${unknown}; there are: ${SCOPES.join(', ')}`)
  return scopes
}

/** What can be asked of the Shopify shops, and done to their tokens. */
export const controlRoutes = (world: World, access: ShopifyAccess, truth: ShopifyTruth): Record<string, ControlRoute> => ({
  'GET /shopify/truth': {
    about: 'what a complete backfill holds: ?user=0&of=orders (or products, customers)',
    run(input) {
      const user = userAt(world, input)
      return truthOf(input, {
        orders: () => truth.orders(user),
        products: () => truth.products(user),
        customers: () => truth.customers(user),
      })
    },
  },
  'POST /shopify/tokens': {
    about: '{"user": 0, "expires": true}: new tokens of a shop; without an end where expires is false',
    run: (input) => access.grant(userAt(world, input), { expires: input.expires !== false }),
  },
  'POST /shopify/scopes': {
    about: '{"user": 0, "scopes": "read_all_orders"}: scopes that the next tokens of a shop lack',
    run(input) {
      access.withhold(userAt(world, input), scopesIn(input))
      return {}
    },
  },
  'POST /shopify/tokens/expire': {
    about: '{"user": 0}: ends the access tokens of a shop',
    run(input) {
      access.expire(userAt(world, input))
      return {}
    },
  },
  'POST /shopify/tokens/revoke': {
    about: '{"user": 0}: ends every token of a shop, as when the app is uninstalled',
    run(input) {
      access.revoke(userAt(world, input))
      return {}
    },
  },
})
