import type { PlatformPart } from '../platform'
import { shopify as api, shopifyFiles } from './apis'
import { settings } from './settings'
import { bulkStream } from './streams/bulk'
import { pagesStream } from './streams/pages'
import { refundsStream } from './streams/refunds'
import { restStream } from './streams/rest'
import { windows, windowTask } from './streams/window'
import { shopifyTokens } from './tokens'

const DAY_MS = 86_400_000
/** Shopify's search may be behind by some minutes; of customers, and at times of products, it compares days. */
const OVERLAP_MS: Readonly<Record<string, number>> = { orders: 600_000, products: DAY_MS, customers: DAY_MS }

/** Shopify: orders, products and customers of a shop, by the Admin API. */
export const shopify: PlatformPart = {
  queue: 'shopify_backfill_queue',
  settings,
  apis: { shopify: api, shopify_files: shopifyFiles },
  credentials: { shopify: shopifyTokens },
  streams: {
    shopify_window: windows,
    shopify_bulk: bulkStream,
    shopify_pages: pagesStream,
    shopify_rest: restStream,
    shopify_refunds: refundsStream,
  },
  // Bulk operations of an app in a shop that may run at once, since version 2026-01.
  laneWidth: 5,
  overlapMs: (entity) => OVERLAP_MS[entity] ?? 0,
  firstTasks: windowTask,
  costOf: () => ({
    unknown:
      "Shopify's limit counts the points of each request, which its answers tell, and bulk operations are asked about until they end",
  }),
}
