import { whole } from '../base/options'
import { defineSandboxSource } from '../base/source'
import { worldControls } from './control'
import { openEtsy } from './etsy'
import { ETSY_FAULTS } from './etsy-faults'
import { MAX_USERS } from './people'
import { openPrintify } from './printify'
import { PRINTIFY_FAULTS } from './printify-faults'
import { MAX_ORDERS } from './sales'
import { openShopify } from './shopify'
import { SHOPIFY_FAULTS } from './shopify-faults'
import { World } from './world'

/** The platforms of online sellers over one world, so that their orders fit each other. */
export const commerce = defineSandboxSource({
  options: {
    users: whole(1).max(MAX_USERS).default(2).meta({ value: 'number', description: 'sellers, each with a shop on every platform' }),
    ordersPerShop: whole(0).max(MAX_ORDERS).default(300).meta({ value: 'orders', description: 'orders of each shop at the start' }),
    productsPerShop: whole(1).default(40).meta({ value: 'products', description: 'products of each seller' }),
    etsyPerSecond: whole(1).default(10).meta({ value: 'requests', description: 'requests that the Etsy key has in a second' }),
    etsyPerDay: whole(1).default(10_000).meta({ value: 'requests', description: 'requests that the Etsy key has in a day' }),
    etsyDay: whole(1).default(86_400).meta({ value: 'seconds', description: 'how long a day of the Etsy key is' }),
    shopifyPerSecond: whole(1).default(100).meta({ value: 'points', description: 'points of a Shopify shop that come back in a second' }),
    shopifyBulkPerSecond: whole(1)
      .default(2000)
      .meta({ value: 'objects', description: 'objects that a bulk operation of Shopify reads in a second' }),
    shopifyNoteBytes: whole(0).default(0).meta({ value: 'bytes', description: 'how long the note of every Shopify order is' }),
  },
  faults: { ...ETSY_FAULTS, ...PRINTIFY_FAULTS, ...SHOPIFY_FAULTS },
  open(
    settings,
    { users, ordersPerShop, productsPerShop, etsyPerSecond, etsyPerDay, etsyDay, shopifyPerSecond, shopifyBulkPerSecond, shopifyNoteBytes },
  ) {
    const { seed, end, oddities, context } = settings
    const world = new World({ seed, users, ordersPerShop, productsPerShop, end, oddities, clock: context.clock })
    const etsy = openEtsy(settings, world, { perSecond: etsyPerSecond, perDay: etsyPerDay, daySeconds: etsyDay })
    const printify = openPrintify(settings, world)
    const shopify = openShopify(settings, world, {
      perSecond: shopifyPerSecond,
      bulkPerSecond: shopifyBulkPerSecond,
      noteBytes: shopifyNoteBytes,
    })
    const apis = [...etsy.apis, ...printify.apis, ...shopify.apis]
    return {
      apis,
      control: { ...worldControls(world), ...etsy.control, ...printify.control, ...shopify.control },
      handle: { world, etsy: etsy.handle, printify: printify.handle, shopify: shopify.handle },
      reset() {
        for (const api of apis) api.reset()
        world.reset()
      },
    }
  },
})
