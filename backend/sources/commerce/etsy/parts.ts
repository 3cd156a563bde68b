import type { PlatformPart } from '../platform'
import { requestsFor } from './paging'
import { lines } from './streams/lines'
import { listings, listingTasks } from './streams/listings'
import { orders, orderTasks } from './streams/orders'
import { ledgerRequestsOf, payments, paymentTasks } from './streams/payments'
import { receipts } from './streams/receipts'
import { etsyCredential } from './tokens'
import { windowOf } from './windows'

export const credentials = { etsy: etsyCredential }

export const streams = { etsy_orders: orders, etsy_listings: listings, etsy_payments: payments, etsy_receipts: receipts, etsy_lines: lines }

const TASKS: Readonly<Record<string, PlatformPart['firstTasks']>> = { orders: orderTasks, listings: listingTasks, payments: paymentTasks }

export const firstTasks: PlatformPart['firstTasks'] = (ask) => TASKS[ask.entity]?.(ask) ?? []

export const costOf: PlatformPart['costOf'] = ({ entity, from, to }, found) => ({
  requests: entity === 'payments' ? ledgerRequestsOf(windowOf(from, to), found) : requestsFor(found),
})
