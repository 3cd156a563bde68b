import type { PlatformPart } from '../platform'
import { etsy as api } from './api'
import { requestsFor } from './paging'
import { etsySettings } from './settings'
import { lines } from './streams/lines'
import { listings, listingTasks } from './streams/listings'
import { orders, orderTasks } from './streams/orders'
import { ledgerRequestsOf, payments, paymentTasks } from './streams/payments'
import { receipts } from './streams/receipts'
import { etsyCredential } from './tokens'
import { windowOf } from './windows'

const MINUTE = 60_000

/** How far Etsy's lists may be behind what happened, ms; listings are always read whole. */
const OVERLAP_MS: Readonly<Record<string, number>> = { orders: 60 * MINUTE, payments: 24 * 60 * MINUTE }

const TASKS: Readonly<Record<string, PlatformPart['firstTasks']>> = { orders: orderTasks, listings: listingTasks, payments: paymentTasks }

/** Etsy: receipts, listings and the ledger of a shop, by Open API v3. */
export const etsy: PlatformPart = {
  queue: 'etsy_backfill_queue',
  settings: etsySettings,
  apis: { etsy: api },
  credentials: { etsy: etsyCredential },
  streams: { etsy_orders: orders, etsy_listings: listings, etsy_payments: payments, etsy_receipts: receipts, etsy_lines: lines },
  // Windows of the ledger; the answers of Etsy take longer than its limit asks for.
  laneWidth: 3,
  overlapMs: (entity) => OVERLAP_MS[entity] ?? 0,
  firstTasks: (ask) => TASKS[ask.entity]?.(ask) ?? [],
  costOf: ({ entity, from, to }, found) => ({
    requests: entity === 'payments' ? ledgerRequestsOf(windowOf(from, to), found) : requestsFor(found),
  }),
}
