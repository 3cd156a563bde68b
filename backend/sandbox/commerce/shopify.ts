import type { SandboxSettings } from '../base/source'
import { ShopifyAccess } from './shopify-access'
import { ShopifyApi } from './shopify-api'
import { BulkOperations } from './shopify-bulk'
import { controlRoutes } from './shopify-control'
import { Customers } from './shopify-customers'
import { ShopifyFiles } from './shopify-files'
import { ShopifyLimits } from './shopify-limits'
import { ShopifyTruth } from './shopify-truth'
import type { World } from './world'

export interface ShopifyOptions {
  /** Points of a shop that come back in a second. */
  perSecond: number
  /** Objects that a bulk operation reads in a second. */
  bulkPerSecond: number
  /** Of the note of every order. */
  noteBytes: number
}

/** The Admin API of Shopify's shops over a commerce world. */
export function openShopify(settings: SandboxSettings, world: World, { perSecond, bulkPerSecond, noteBytes }: ShopifyOptions) {
  const access = new ShopifyAccess(world)
  const customers = new Customers()
  const truth = new ShopifyTruth(world, customers)
  const bulk = new BulkOperations(settings, bulkPerSecond)
  const limits = new ShopifyLimits(settings, perSecond)
  const apis: [ShopifyApi, ShopifyFiles] = [
    new ShopifyApi({ settings, world, access, limits, bulk, customers, noteBytes }),
    new ShopifyFiles(settings, bulk),
  ]
  return { apis, control: controlRoutes(world, access, truth), handle: { access, bulk, truth } }
}
