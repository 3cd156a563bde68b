import { BadControl, type Input, oneOf, whole } from '../base/input'
import type { ControlRoute } from '../base/source'
import { CHANNELS, type User } from './people'
import type { Sale } from './sales'
import type { World } from './world'

/** The seller that `user` names by number, the first one by default. @throws {BadControl} */
export function userAt(world: World, { user: number = 0 }: Input): User {
  const user = world.users[Number(number)]
  if (!user) throw new BadControl(`there is no user ${number}; there are ${world.users.length}, from 0`)
  return user
}

/** What `of` names of the truth about a seller. @throws {BadControl} */
export function truthOf(input: Input, of: Record<string, () => unknown>): unknown {
  return of[oneOf(input, 'of', Object.keys(of))]?.()
}

/** The order that a control request is about. @throws {BadControl} */
function orderOf(world: World, input: Input) {
  const [user, channel] = [userAt(world, input), oneOf(input, 'channel', CHANNELS)]
  const id = whole(input, 'id')
  if (id === undefined) throw new BadControl('id is missing')
  if (!world.sales(user, channel).some((sale) => sale.id === id)) throw new BadControl(`there is no order ${id} in this shop`)
  return { user, channel, id, options: { at: whole(input, 'at'), quiet: input.quiet === true } }
}

const EDITABLE = ['shipping', 'tax', 'discount', 'paidAt', 'shippedAt'] as const

/** Changes of orders and products while something reads them. */
export const worldControls = (world: World): Record<string, ControlRoute> => ({
  'GET /users': { about: 'the sellers and their shops', run: () => world.users },
  'POST /orders': {
    about: '{"user": 0, "channel": "etsy", "at"}: a new order',
    run: (input) => world.add(userAt(world, input), oneOf(input, 'channel', CHANNELS), { at: whole(input, 'at') }),
  },
  'POST /orders/refund': {
    about: '{"user", "channel", "id", "amount", "at", "quiet"}: gives money back; quiet: the time of change stays',
    run(input) {
      const { user, channel, id, options } = orderOf(world, input)
      return world.refund(user, channel, id, { ...options, amount: whole(input, 'amount') })
    },
  },
  'POST /orders/cancel': {
    about: '{"user", "channel", "id", "at", "quiet"}: cancels an order',
    run(input) {
      const { user, channel, id, options } = orderOf(world, input)
      return world.cancel(user, channel, id, options)
    },
  },
  'POST /orders/edit': {
    about: `{"user", "channel", "id", "at", "quiet"} and what changes: ${EDITABLE.join(', ')}`,
    run(input) {
      const { user, channel, id, options } = orderOf(world, input)
      const given = EDITABLE.filter((name) => input[name] !== undefined)
      const edit = Object.fromEntries(given.map((name) => [name, input[name] === null ? null : Number(input[name])]))
      return world.edit(user, channel, id, edit as Partial<Sale>, options)
    },
  },
})
