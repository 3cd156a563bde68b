import type { PlatformPart } from '../platform'

/** Shopify. */
export const shopify: PlatformPart = {
  queue: 'shopify_backfill_queue',
  settings: {},
  apis: {},
  credentials: {},
  streams: {},
  laneWidth: 5,
  overlapMs: () => 0,
  firstTasks: () => [],
}
