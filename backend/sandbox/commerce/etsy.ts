import type { SandboxSettings } from '../base/source'
import { Access } from './etsy-access'
import { EtsyApi } from './etsy-api'
import { EtsyConsent } from './etsy-consent'
import { controlRoutes } from './etsy-control'
import { type EtsyLimitOptions, EtsyLimits } from './etsy-limits'
import { Ledgers } from './etsy-lists'
import { EtsyTruth } from './etsy-truth'
import type { World } from './world'

/** Etsy's API and its page of consent over a commerce world. */
export function openEtsy(settings: SandboxSettings, world: World, options: EtsyLimitOptions) {
  const access = new Access(world)
  const limits = new EtsyLimits(settings, options)
  const truth = new EtsyTruth(world, new Ledgers(world))
  const apis: [EtsyApi, EtsyConsent] = [new EtsyApi(settings, world, access, limits), new EtsyConsent(settings, access)]
  return { apis, control: controlRoutes(world, access, truth), handle: { access, limits, truth } }
}
