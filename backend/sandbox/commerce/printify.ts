import type { SandboxSettings } from '../base/source'
import { PrintifyApi } from './printify-api'
import { PrintifyConsent } from './printify-consent'
import { controlRoutes } from './printify-control'
import { PrintifyLimits } from './printify-limits'
import { PrintifyOrders } from './printify-orders'
import { PrintifyTokens } from './printify-tokens'
import { PrintifyTruth } from './printify-truth'
import type { World } from './world'

/** Printify's API and its page of consent over a commerce world. */
export function openPrintify(settings: SandboxSettings, world: World) {
  const orders = new PrintifyOrders(world)
  const tokens = new PrintifyTokens(world)
  const truth = new PrintifyTruth(world, orders)
  const api = new PrintifyApi(settings, world, orders, tokens, new PrintifyLimits(settings))
  const apis: [PrintifyApi, PrintifyConsent] = [api, new PrintifyConsent(settings, tokens)]
  return { apis, control: controlRoutes({ world, orders, tokens, truth }), handle: { orders, tokens, truth } }
}
