import type { PlatformPart } from '../platform'
import { etsy as api } from './api'
import { etsySettings } from './settings'

/** What runs jobs; most commands do without it. */
const parts = () => require('./parts') as typeof import('./parts')

const MINUTE = 60_000

/** How far Etsy's lists may be behind what happened, ms; listings are always read whole. */
const OVERLAP_MS: Readonly<Record<string, number>> = { orders: 60 * MINUTE, payments: 24 * 60 * MINUTE }

/** Etsy: receipts, listings and the ledger of a shop, by Open API v3. */
export const etsy: PlatformPart = {
  queue: 'etsy_backfill_queue',
  settings: etsySettings,
  apis: { etsy: api },
  get credentials() {
    return parts().credentials
  },
  get streams() {
    return parts().streams
  },
  // Windows of the ledger; the answers of Etsy take longer than its limit asks for.
  laneWidth: 3,
  overlapMs: (entity) => OVERLAP_MS[entity] ?? 0,
  get firstTasks() {
    return parts().firstTasks
  },
  get costOf() {
    return parts().costOf
  },
}
