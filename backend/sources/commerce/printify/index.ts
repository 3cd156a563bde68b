import type { PlatformPart } from '../platform'
import type { Entity } from '../store/sync-jobs'
import { printify as api, printifySettings } from './api'

/** What runs jobs; most commands do without it. */
const parts = () => require('./parts') as typeof import('./parts')

/** Orders may be imported into Printify some time after they were made. */
const OVERLAP_MS = 86_400_000

/** Records on a page, whatever was asked for. */
const ON_PAGE: Readonly<Record<string, number>> = { orders: 10, products: 50 }

/** Pages of a list, the first once more after the last, and the names of print providers for products. */
function requestsFor(entity: Entity, found: number): number {
  const pages = Math.max(1, Math.ceil(found / (ON_PAGE[entity] ?? 1)))
  return pages + (pages > 1 ? 1 : 0) + (entity === 'products' ? 1 : 0)
}

/** Printify. */
export const printify: PlatformPart = {
  queue: 'printify_backfill_queue',
  settings: printifySettings,
  apis: { printify: api },
  get credentials() {
    return parts().credentials
  },
  get streams() {
    return parts().streams
  },
  // Pages follow each other.
  laneWidth: 1,
  costOf: ({ entity }, found) => ({ requests: requestsFor(entity, found) }),
  overlapMs: (entity) => (entity === 'orders' ? OVERLAP_MS : 0),
  get firstTasks() {
    return parts().firstTasks
  },
}
