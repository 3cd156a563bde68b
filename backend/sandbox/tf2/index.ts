import { whole } from '../base/options'
import { defineSandboxSource } from '../base/source'
import { Backpack } from './backpack'
import { controlRoutes } from './control'
import { TF2_FAULTS } from './faults'
import { Market } from './market'
import { EventSocket } from './socket'
import { Steam } from './steam'

/** backpack.tf, its stream of events and Steam's inventories over one market. */
export const tf2 = defineSandboxSource({
  options: {
    buys: whole(0).default(20).meta({ value: 'orders', description: 'buy orders of each Team Fortress 2 item' }),
    sells: whole(0).default(30).meta({ value: 'orders', description: 'sell orders of each Team Fortress 2 item' }),
  },
  faults: TF2_FAULTS,
  open(settings, { buys, sells }) {
    const market = new Market({ seed: settings.seed, buys, sells, clock: settings.context.clock })
    const socket = new EventSocket(market)
    const apis = [new Backpack(settings, market), new Steam(settings, market)]
    return {
      apis,
      sockets: [socket],
      control: controlRoutes(market, socket),
      handle: { market, socket },
      reset() {
        for (const api of apis) api.reset()
        market.reset()
      },
    }
  },
})
