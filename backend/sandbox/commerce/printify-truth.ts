import { CHANNELS, type Channel, type User } from './people'
import { orderOf, productDocument } from './printify-documents'
import type { PrintifyOrders } from './printify-orders'
import type { World } from './world'

/** Which order a Printify order was made for, and what it costs: hundredths of a US dollar. */
export interface LinkTruth {
  printifyId: string
  channel: Channel
  /** The order of the shop; null where the Printify order names none that exists. */
  orderId: number | null
  method: 'id' | 'label' | 'none'
  isReprint: boolean
  /** Of all lines with their shipping; 0 where it was cancelled. */
  cost: number
}

/** What a complete backfill of a seller's Printify account holds, oldest first. */
export class PrintifyTruth {
  constructor(
    private readonly world: World,
    private readonly made: PrintifyOrders,
  ) {}

  orders(user: User, channel: Channel): ReturnType<typeof orderOf>[] {
    return this.made
      .list(user, channel)
      .map((made) => orderOf(this.world, user, channel, made))
      .reverse()
  }

  products(user: User, channel: Channel): ReturnType<typeof productDocument>[] {
    const printed = this.world.products(user).filter(({ isPrinted }) => isPrinted)
    return printed.map((product) => productDocument(this.world, user, channel, product))
  }

  links(user: User): LinkTruth[] {
    return CHANNELS.flatMap((channel) =>
      this.made.list(user, channel).map((made): LinkTruth => {
        const { total_price: price, total_shipping: shipping } = orderOf(this.world, user, channel, made)
        const isLinked = made.link !== 'none' && made.link !== 'gone'
        return {
          printifyId: made.id,
          channel,
          orderId: isLinked ? made.sale.id : null,
          method: isLinked ? (made.link === 'label' ? 'label' : 'id') : 'none',
          isReprint: made.reprintOf !== undefined,
          cost: made.status === 'canceled' ? 0 : price + shipping,
        }
      }),
    )
  }
}
