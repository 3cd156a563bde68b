import type { PlatformPart } from '../platform'
import { shopify as api, shopifyFiles } from './apis'
import { settings } from './settings'
import { shopifyTokens } from './tokens'

/** Shopify. */
export const shopify: PlatformPart = {
  queue: 'shopify_backfill_queue',
  settings,
  apis: { shopify: api, shopify_files: shopifyFiles },
  credentials: { shopify: shopifyTokens },
  streams: {},
  laneWidth: 5,
  overlapMs: () => 0,
  firstTasks: () => [],
}
