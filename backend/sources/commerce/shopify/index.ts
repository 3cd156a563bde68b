import type { PlatformPart } from '../platform'
import { shopify as api, shopifyFiles } from './apis'
import { settings } from './settings'

/** What runs jobs; most commands do without it. */
const parts = () => require('./parts') as typeof import('./parts')

const DAY_MS = 86_400_000
/** Shopify's search may be behind by some minutes; of customers, and at times of products, it compares days. */
const OVERLAP_MS: Readonly<Record<string, number>> = { orders: 600_000, products: DAY_MS, customers: DAY_MS }

/** Shopify: orders, products and customers of a shop, by the Admin API. */
export const shopify: PlatformPart = {
  queue: 'shopify_backfill_queue',
  settings,
  apis: { shopify: api, shopify_files: shopifyFiles },
  get credentials() {
    return parts().credentials
  },
  get streams() {
    return parts().streams
  },
  // Bulk operations of an app in a shop that may run at once, since version 2026-01.
  laneWidth: 5,
  overlapMs: (entity) => OVERLAP_MS[entity] ?? 0,
  get firstTasks() {
    return parts().firstTasks
  },
  costOf: () => ({
    unknown:
      "Shopify's limit counts the points of each request, which its answers tell, and bulk operations are asked about until they end",
  }),
}
