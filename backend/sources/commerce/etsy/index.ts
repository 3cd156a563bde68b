import type { PlatformPart } from '../platform'

/** Etsy. */
export const etsy: PlatformPart = {
  queue: 'etsy_backfill_queue',
  settings: {},
  apis: {},
  credentials: {},
  streams: {},
  laneWidth: 1,
  overlapMs: () => 0,
  firstTasks: () => [],
}
