import type { Reader } from '../../backend/base/sql'
import type {
  AccountRef,
  FulfillmentRecord,
  LineRecord,
  OrderRecord,
  PaymentRecord,
  RefundLine,
  RefundRecord,
} from '../../backend/sources/commerce/store/records'

/*
 * Records of the store as a stream would make them, with plain values for what a test does not care about.
 */

type Part<T> = Partial<T> & { platformId: string }

export const line = (part: Part<LineRecord>): LineRecord => ({
  listingId: null,
  variantId: null,
  sku: null,
  title: null,
  status: null,
  quantity: 1,
  currency: 'USD',
  priceMinor: 1000,
  totalMinor: 1000,
  costMinor: null,
  shippingCostMinor: null,
  printProviderId: null,
  raw: {},
  ...part,
})

export const fulfillment = (part: Part<FulfillmentRecord>): FulfillmentRecord => ({
  status: null,
  carrier: null,
  trackingNumber: null,
  trackingUrl: null,
  shippedAt: null,
  deliveredAt: null,
  raw: {},
  ...part,
})

export const refund = (part: Part<RefundRecord>): RefundRecord => ({
  status: null,
  reason: null,
  createdAt: '2026-01-05T12:00:00Z',
  currency: 'USD',
  amountMinor: 500,
  taxMinor: null,
  lines: null,
  raw: {},
  ...part,
})

export const refundLine = (part: Part<RefundLine>): RefundLine => ({
  lineItemId: null,
  quantity: 1,
  currency: 'USD',
  subtotalMinor: 500,
  taxMinor: null,
  raw: {},
  ...part,
})

export const order = (part: Part<OrderRecord>): OrderRecord => ({
  number: null,
  status: 'paid',
  createdAt: '2026-01-01T12:00:00Z',
  updatedAt: '2026-01-01T12:00:00Z',
  isCancelled: false,
  cancelledAt: null,
  currency: 'USD',
  totalMinor: 1000,
  subtotalMinor: 1000,
  shippingMinor: 0,
  taxMinor: 0,
  discountMinor: 0,
  customerId: null,
  isPaid: true,
  isTest: false,
  costMinor: null,
  costRule: null,
  shopOrderId: null,
  shopOrderLabel: null,
  reprintOf: null,
  lines: [],
  fulfillments: [],
  refunds: [],
  raw: {},
  ...part,
})

export const payment = (part: Part<PaymentRecord>): PaymentRecord => ({
  updatedAt: null,
  orderId: null,
  reason: null,
  kind: 'charge',
  type: null,
  status: null,
  createdAt: '2026-01-01T12:00:00Z',
  currency: 'USD',
  amountMinor: 0,
  feeMinor: 0,
  referenceType: null,
  referenceId: null,
  raw: {},
  ...part,
})

/** An account; `connect` makes its row of `accounts`. */
export const accountOf = (number: number, platform: AccountRef['platform'], userId = 'user'): AccountRef => ({
  id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
  userId,
  platform,
})

/** As somebody connects an account: the links of orders need its row. */
export const connect = (db: Reader, { id, userId, platform }: AccountRef) =>
  db.query('insert into commerce.accounts (id, user_id, platform, shop_id, credential_id) values ($1::uuid, $2, $3, $1::text, $1::text)', [
    id,
    userId,
    platform,
  ])
