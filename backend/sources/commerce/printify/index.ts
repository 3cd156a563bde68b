import type { PlatformPart } from '../platform'

/** Printify. */
export const printify: PlatformPart = {
  queue: 'printify_backfill_queue',
  settings: {},
  apis: {},
  credentials: {},
  streams: {},
  laneWidth: 1,
  overlapMs: () => 0,
  firstTasks: () => [],
}
