import { keyOf } from '../entities'
import type { PlatformPart } from '../platform'
import type { Entity } from '../store/sync-jobs'
import { printify as api, printifySettings } from './api'
import { printifyCredential } from './oauth'
import { firstOrdersCursor, printifyOrders } from './orders'
import { firstProductsCursor, printifyProducts } from './products'

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
  credentials: { printify: printifyCredential },
  streams: { printify_orders: printifyOrders, printify_products: printifyProducts },
  // Pages follow each other.
  laneWidth: 1,
  costOf: ({ entity }, found) => ({ requests: requestsFor(entity, found) }),
  overlapMs: (entity) => (entity === 'orders' ? OVERLAP_MS : 0),
  firstTasks({ account, entity, kind, from }) {
    const key = keyOf(account, entity)
    if (entity === 'products') return [{ stream: 'printify_products', key, cursor: firstProductsCursor(account.id) }]
    return [{ stream: 'printify_orders', key, cursor: firstOrdersCursor(account.id, from, kind === 'incremental') }]
  },
}
