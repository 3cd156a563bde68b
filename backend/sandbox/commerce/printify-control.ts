import { BadControl, oneOf } from '../base/input'
import type { ControlRoute } from '../base/source'
import { truthOf, userAt } from './control'
import { CHANNELS } from './people'
import type { PrintifyOrders } from './printify-orders'
import type { PrintifyTokens } from './printify-tokens'
import type { PrintifyTruth } from './printify-truth'
import type { World } from './world'

interface Parts {
  world: World
  orders: PrintifyOrders
  tokens: PrintifyTokens
  truth: PrintifyTruth
}

/** What can be asked of the Printify accounts, and done to them. */
export const controlRoutes = ({ world, orders, tokens, truth }: Parts): Record<string, ControlRoute> => ({
  'GET /printify/truth': {
    about: 'what a complete backfill holds: ?user=0&of=links, or &channel=etsy&of=orders (or products)',
    run(input) {
      const user = userAt(world, input)
      return truthOf(input, {
        links: () => truth.links(user),
        orders: () => truth.orders(user, oneOf(input, 'channel', CHANNELS)),
        products: () => truth.products(user, oneOf(input, 'channel', CHANNELS)),
      })
    },
  },
  'POST /printify/consent': {
    about: '{"user": 0}: who agrees at the next /app/authorize',
    run(input) {
      tokens.consenting = userAt(world, input).number
      return { consenting: tokens.consenting }
    },
  },
  'GET /printify/token': { about: '?user=0: the token of a seller', run: (input) => ({ token: tokens.of(userAt(world, input)) }) },
  'POST /printify/token/revoke': {
    about: '{"user": 0}: ends the token of a seller, and tells the next one',
    run(input) {
      const user = userAt(world, input)
      tokens.revoke(user)
      return { token: tokens.of(user) }
    },
  },
  'POST /printify/orders': {
    about: '{"user": 0, "channel": "etsy"}: an order made by hand, which comes first in the list',
    run(input) {
      const { id } = orders.add(userAt(world, input), oneOf(input, 'channel', CHANNELS))
      return { id }
    },
  },
  'POST /printify/orders/remove': {
    about: '{"user": 0, "channel": "etsy", "id"}: removes an order, so that later ones move up',
    run(input) {
      const made = orders.list(userAt(world, input), oneOf(input, 'channel', CHANNELS)).find(({ id }) => id === input.id)
      if (!made) throw new BadControl(`there is no order ${String(input.id)} in this shop`)
      orders.remove(made.id)
      return { id: made.id }
    },
  },
})
