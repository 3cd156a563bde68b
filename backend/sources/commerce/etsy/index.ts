import type { PlatformPart } from '../platform'
import { etsy as api } from './api'
import { etsySettings } from './settings'
import { etsyCredential } from './tokens'

/** Etsy. */
export const etsy: PlatformPart = {
  queue: 'etsy_backfill_queue',
  settings: etsySettings,
  apis: { etsy: api },
  credentials: { etsy: etsyCredential },
  streams: {},
  laneWidth: 1,
  overlapMs: () => 0,
  firstTasks: () => [],
}
