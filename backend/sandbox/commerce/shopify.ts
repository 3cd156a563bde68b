import type { SandboxSettings } from '../base/source'
import { ShopifyAccess } from './shopify-access'
import { ShopifyApi } from './shopify-api'
import { controlRoutes } from './shopify-control'
import { Customers } from './shopify-customers'
import { ShopifyLimits } from './shopify-limits'
import { ShopifyTruth } from './shopify-truth'
import type { World } from './world'

export interface ShopifyOptions {
  /** Points of a shop that come back in a second. */
  perSecond: number
  /** Of the note of every order. */
  noteBytes: number
}

/** The Admin API of Shopify's shops over a commerce world. */
export function openShopify(settings: SandboxSettings, world: World, { perSecond, noteBytes }: ShopifyOptions) {
  const access = new ShopifyAccess(world)
  const customers = new Customers()
  const truth = new ShopifyTruth(world, customers)
  const api = new ShopifyApi({ settings, world, access, limits: new ShopifyLimits(settings, perSecond), customers, noteBytes })
  return { api, control: controlRoutes(world, access, truth), handle: { access, truth } }
}
