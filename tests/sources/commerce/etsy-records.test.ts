import { changedPage } from '../../../backend/sandbox/commerce/etsy-faults'
import type { User } from '../../../backend/sandbox/commerce/people'
import { totalOf } from '../../../backend/sandbox/commerce/sales'
import { type EtsyPayment, linkEntry, paymentIdOf, readLedgerEntry, readPayment } from '../../../backend/sources/commerce/etsy/ledger'
import { readListing, readReceipt } from '../../../backend/sources/commerce/etsy/records'
import { isReject } from '../../../backend/sources/commerce/reading'
import type { PaymentRecord } from '../../../backend/sources/commerce/store/records'
import { stillCommerce } from '../../support/commerce-sandbox'

type Entry = Record<string, unknown>
let it_: Awaited<ReturnType<typeof stillCommerce>>
beforeAll(async () => {
  it_ = await stillCommerce({ users: 3, ordersPerShop: 200, productsPerShop: 40 })
})
afterAll(() => it_.sandbox.close())

/** As an answer has it. */
const json = <T>(value: T): T => JSON.parse(JSON.stringify(value))
const users = () => it_.world.users
const first = () => users()[0] as User
const sales = (user: User) => it_.world.sales(user, 'etsy')
const receipts = (user = first()) => json(it_.etsy.truth.receipts(user, { all: true }))
const receipt = (change: Entry = {}): Entry => ({ ...(receipts()[3] as object), ...change })
const usd = (amount: number, change: Entry = {}) => ({ amount, divisor: 100, currency_code: 'USD', ...change })
const second = (at: number) => new Date(at * 1000).toISOString()
/** @throws {Error} for a reject */
function good<T extends object>(read: T): Exclude<T, { key: string }> {
  if (isReject(read)) throw new Error(`${read.key}: ${read.reason}: ${read.detail}`)
  return read as Exclude<T, { key: string }>
}

describe('receipts', () => {
  test('of shops in every currency are the orders that were sold', () => {
    for (const user of users()) {
      const orders = receipts(user).map((one) => good(readReceipt(one)))
      expect(
        orders.map(({ platformId, totalMinor, currency, isPaid, isCancelled, createdAt, updatedAt, lines, refunds, fulfillments }) => ({
          platformId,
          totalMinor,
          currency,
          isPaid,
          isCancelled,
          createdAt,
          updatedAt,
          lines: lines.map((line) => [line.platformId, line.quantity, line.priceMinor]),
          refunds: refunds.map((refund) => [refund.createdAt, refund.amountMinor]),
          parcels: fulfillments.map((parcel) => parcel.shippedAt),
        })),
      ).toEqual(
        sales(user).map((sale) => ({
          platformId: String(sale.id),
          totalMinor: totalOf(sale),
          currency: user.shops.etsy.currency,
          isPaid: sale.paidAt !== null,
          isCancelled: sale.cancelledAt !== null,
          createdAt: second(sale.createdAt),
          updatedAt: second(sale.updatedAt),
          lines: sale.lines.map((line) => [String(line.id), line.quantity, line.price]),
          refunds: sale.refunds.map(({ at, amount }) => [second(at), amount]),
          parcels: sale.shippedAt === null ? [] : [second(sale.shippedAt)],
        })),
      )
    }
  })

  test('have parts and sums that add up, and keep the documents', () => {
    for (const one of receipts()) {
      const order = good(readReceipt(one))
      const { subtotalMinor, shippingMinor, taxMinor, totalMinor, discountMinor, lines } = order
      expect((subtotalMinor ?? 0) + (shippingMinor ?? 0) + (taxMinor ?? 0)).toBe(totalMinor)
      if (discountMinor === 0) expect(lines.reduce((sum, line) => sum + (line.totalMinor ?? 0), 0)).toBe(subtotalMinor)
      else expect(lines.map((line) => line.totalMinor)).toEqual(lines.map(() => null))
      expect([order.raw, lines.map(({ raw }) => raw), order.refunds.map(({ raw }) => raw)]).toEqual([one, one.transactions, one.refunds])
    }
  })

  test.each([
    ['Canceled', 'canceled', true],
    ['CANCELLED', 'cancelled', true],
    ['Fully Refunded', 'fully refunded', false],
    ['payment processing', 'payment processing', false],
    ['On Its Way', 'on its way', false],
    [null, null, false],
  ])('the status %j is kept as %j', (status, kept, isCancelled) => {
    expect(good(readReceipt(receipt({ status })))).toMatchObject({ status: kept, isCancelled, cancelledAt: null })
  })

  test('the refund of a part has its share of the tax', () => {
    const change = { grandtotal: usd(1080), total_tax_cost: usd(70), total_vat_cost: usd(10), subtotal: usd(1000) }
    const refund = { amount: usd(540), created_timestamp: 1_700_000_000, reason: null, status: 'Success' }
    const read = (refunds: object[] | null, more: Entry = {}) => good(readReceipt(receipt({ ...change, ...more, refunds }))).refunds
    expect(read([refund])).toMatchObject([
      { amountMinor: 540, taxMinor: 40, status: 'success', createdAt: second(1_700_000_000), lines: null },
    ])
    expect(read([refund], { total_tax_cost: null, total_vat_cost: null })).toMatchObject([{ taxMinor: null }])
    expect(read(null)).toEqual([])
    const ids = read([refund, refund, { ...refund, created_timestamp: 1_700_000_001 }]).map(({ platformId }) =>
      platformId.split('/').slice(1),
    )
    expect(ids).toEqual([
      ['1700000000', '0'],
      ['1700000000', '1'],
      ['1700000001', '0'],
    ])
  })

  test('times under either name, ids as texts and extra fields are read', () => {
    const {
      created_timestamp: created,
      updated_timestamp: updated,
      receipt_id: number,
      ...rest
    } = receipt({ odd: [1], buyer_user_id: '77' })
    const read = good(readReceipt({ ...rest, receipt_id: String(number) }))
    expect(read).toMatchObject({
      platformId: String(number),
      customerId: '77',
      createdAt: second(created as number),
      updatedAt: second(updated as number),
    })
  })

  test('a shipment without an id is named by its receipt', () => {
    const shipments = [{ receipt_shipping_id: null, shipment_notification_timestamp: 0, carrier_name: ' ', tracking_code: 940 }]
    expect(good(readReceipt(receipt({ receipt_id: 5, shipments }))).fulfillments).toMatchObject([
      { platformId: '5/0', shippedAt: null, carrier: null, trackingNumber: '940' },
    ])
  })

  test.each<[string, Entry, string]>([
    ['without transactions', { transactions: [] }, 'no_transactions'],
    ['whose transactions are absent', { transactions: undefined }, 'no_transactions'],
    ['whose money has no currency', { grandtotal: usd(1, { currency_code: undefined }) }, 'no_currency'],
    ['whose discount has no currency', { discount_amt: usd(1, { currency_code: '' }) }, 'no_currency'],
    ['in two currencies', { subtotal: usd(1, { currency_code: 'CAD' }) }, 'mixed_currencies'],
    ['with half a cent', { subtotal: usd(5, { divisor: 1000 }) }, 'money'],
    ['with a divisor of 0', { grandtotal: usd(1, { divisor: 0 }) }, 'schema'],
    ['with a fraction for an amount', { grandtotal: usd(1.5) }, 'schema'],
    ['with a word for a currency', { grandtotal: usd(1, { currency_code: 'dollars' }) }, 'schema'],
    ['with milliseconds', { created_timestamp: 1_700_000_000_000 }, 'schema'],
    ['without a time', { created_timestamp: null, create_timestamp: null }, 'schema'],
    ['with an id that JSON cannot hold', { receipt_id: 2 ** 60 }, 'schema'],
    ['without a total', { grandtotal: undefined }, 'schema'],
  ])('one %s is rejected', (_, change, reason) => {
    const raw = receipt(change)
    const read = readReceipt(raw)
    expect(read).toMatchObject({ reason, raw, key: expect.stringMatching(/^receipt ./), detail: expect.stringMatching(/./) })
  })

  test.each([null, 'text', 7, [], {}, undefined])('%j is rejected under the same key each time', (raw) => {
    expect(readReceipt(raw)).toMatchObject({ reason: 'schema', key: expect.stringMatching(/^receipt [0-9a-f]{16}$/) })
    expect(readReceipt(raw)).toEqual(readReceipt(raw))
  })

  test.each([
    ['etsy-no-transactions', 'no_transactions'],
    ['etsy-no-currency', 'no_currency'],
    ['etsy-bad-entry', 'schema'],
  ])('the fault %s of the sandbox costs one receipt of its page', (fault, reason) => {
    const take = (name: string) => (name === fault ? ({ entry: 2 } as never) : undefined)
    const { results } = changedPage(take, { count: 5, results: receipts().slice(0, 5) as Entry[] })
    const read = results.map((one) => readReceipt(one))
    expect(read.map((one) => isReject(one) && one.reason)).toEqual([false, false, reason, false, false])
  })
})

describe('listings', () => {
  test('of the sandbox are its products', () => {
    const states = ['active', 'inactive', 'sold_out', 'draft', 'expired'] as const
    const truth = it_.etsy.truth.listings(first(), [...states])
    const read = json(truth).map((one) => good(readListing(one)))
    expect(read.map(({ platformId, status, priceMinor, currency }) => [platformId, status, priceMinor, currency])).toEqual(
      truth.map(({ listing_id: id, state, price }) => [String(id), state, price.amount, first().shops.etsy.currency]),
    )
    expect(read[0]).toMatchObject({ createdAt: second(truth[0]?.created_timestamp as number), variants: [] })
  })

  test('an inventory gives the variants', () => {
    const offer = { offering_id: 1, quantity: 3, is_enabled: true, price: usd(900) }
    const products = [
      { product_id: 7, sku: 'A', property_values: [{ values: ['Blue'] }, { values: ['L'] }], offerings: [offer] },
      { product_id: 8, sku: '', property_values: [], offerings: [] },
      { product_id: 9, is_deleted: true },
    ]
    const raw = { listing_id: 1, state: 'Sold_Out', price: usd(900), inventory: { products } }
    const none = { title: null, priceMinor: null, costMinor: null, quantity: null, isEnabled: null }
    expect(good(readListing(raw))).toMatchObject({ status: 'sold_out' })
    expect(good(readListing(raw)).variants).toEqual([
      { ...none, id: '7', sku: 'A', title: 'Blue / L', priceMinor: 900, quantity: 3, isEnabled: true },
      { ...none, id: '8', sku: null },
    ])
  })

  test('one without a price has none; one whose price has no currency is rejected', () => {
    expect(good(readListing({ listing_id: 1 }))).toMatchObject({ priceMinor: null, currency: null, createdAt: null })
    expect(readListing({ listing_id: 1, price: { amount: 1, divisor: 1 } })).toMatchObject({ key: 'listing 1', reason: 'no_currency' })
    expect(readListing({ title: 'x' })).toMatchObject({ reason: 'schema' })
  })
})

describe('the ledger', () => {
  const entries = (user = first()) => json(it_.etsy.truth.ledger(user))
  const entry = (change: Entry = {}) => good(readLedgerEntry({ ...(entries()[0] as object), ...change }))

  test('of the sandbox is read whole, with the fees of each sale', () => {
    const read = entries().map((one) => good(readLedgerEntry(one)))
    expect(read.reduce((sum, { amountMinor }) => sum + amountMinor, 0)).toBe(entries().at(-1)?.balance)
    const kinds = new Set(read.map(({ kind, type }) => `${kind} ${type}`))
    expect([...kinds].sort()).toEqual([
      'charge PAYMENT_GROSS',
      'fee PAYMENT_PROCESSING_FEE',
      'fee transaction',
      'fee vat_seller_services',
      'payout DISBURSE2',
      'refund REFUND_GROSS',
    ])
    for (const { kind, amountMinor, feeMinor } of read) expect(feeMinor).toBe(kind === 'fee' ? 0 - amountMinor : 0)
  })

  test('entries of payments and refunds find their receipts through the payments', () => {
    const payments = it_.etsy.truth.payments(first()).map((one) => good(readPayment(json(one), 'USD')) as EtsyPayment)
    const orders = new Map(payments.map(({ platformId, orderId }) => [platformId, orderId as string]))
    const read = entries().map((one) => linkEntry(good(readLedgerEntry(one)) as PaymentRecord, orders))
    const of = (...kinds: string[]) => read.filter(({ type }) => kinds.includes(type ?? ''))
    for (const one of of('PAYMENT_GROSS', 'PAYMENT_PROCESSING_FEE', 'REFUND_GROSS'))
      expect([one.orderId, one.reason]).toEqual([expect.any(String), null])
    const refunds = sales(first()).flatMap(({ id, paidAt, refunds: list }) =>
      paidAt === null ? [] : list.map((one) => [String(id), -one.amount]),
    )
    expect(
      of('REFUND_GROSS')
        .map(({ orderId, amountMinor }) => [orderId, amountMinor])
        .sort(),
    ).toEqual(refunds.sort())
    expect(new Set(of('transaction').map(({ orderId, reason }) => `${orderId} ${reason}`))).toEqual(new Set(['null transaction_not_read']))
    expect(new Set(of('vat_seller_services').map(({ reason }) => reason))).toEqual(new Set(['no_reference']))
    expect(new Set(of('DISBURSE2').map(({ reason }) => reason))).toEqual(new Set([null]))
  })

  test('a refund that is linked to nothing yet says so', () => {
    const refund = entry({
      reference_type: 'payment_adjustment',
      reference_id: 12,
      ledger_type: 'REFUND_GROSS',
      payment_adjustments: [{ payment_id: 6001 }],
    })
    expect([refund.orderId, refund.reason, paymentIdOf(refund as PaymentRecord)]).toEqual([null, 'payment_not_read', '6001'])
    expect(paymentIdOf(entry({ reference_type: 'listing', payment_adjustments: null }) as PaymentRecord)).toBeNull()
  })

  test.each([
    ['a number for a reference', { reference_id: 42 }, { referenceId: '42' }],
    ['no reference', { reference_type: null, reference_id: null }, { referenceId: null, reason: 'no_reference' }],
    ['a reference to a receipt', { reference_type: 'receipt', reference_id: 42 }, { orderId: '42', reason: null }],
    [
      'a fee for a listing',
      { ledger_type: 'listing', reference_type: 'listing', reference_id: '9', amount: -20 },
      { kind: 'fee', feeMinor: 20, reason: null },
    ],
    ['a fee nobody has documented', { ledger_type: 'some_new_fee', amount: -5 }, { kind: 'fee', feeMinor: 5 }],
    ['a refunded fee', { ledger_type: 'offsite_ads_fee_refund', amount: 5 }, { kind: 'fee', feeMinor: -5 }],
    ['a refund that is no fee', { ledger_type: 'payment_refund', amount: -5 }, { kind: 'other', feeMinor: 0 }],
    ['a type that objects have', { ledger_type: 'constructor', reference_type: 'constructor' }, { kind: 'other', reason: null }],
    ['sales tax', { ledger_type: 'sales_tax', amount: -80 }, { kind: 'tax', feeMinor: 0 }],
    ['an unknown type', { ledger_type: 'Gift of the House' }, { kind: 'other', type: 'Gift of the House', feeMinor: 0 }],
    ['a type in another case', { ledger_type: 'Payment_Gross' }, { kind: 'charge', type: 'Payment_Gross' }],
    ['a currency in small letters', { currency: 'usd' }, { currency: 'USD' }],
    ['a time under its old name', { created_timestamp: undefined, create_date: 1_700_000_000 }, { createdAt: second(1_700_000_000) }],
  ])('%s is read', (_, change, record) => {
    expect(entry(change)).toMatchObject(record)
  })

  test.each([
    ['no currency', { currency: null }, 'no_currency'],
    ['no amount', { amount: null }, 'schema'],
    ['a fraction', { amount: 1.5 }, 'schema'],
    ['no time', { created_timestamp: null, create_date: null }, 'schema'],
    ['no id', { entry_id: undefined }, 'schema'],
  ])('an entry with %s is rejected', (_, change, reason) => {
    expect(readLedgerEntry({ ...(entries()[0] as object), ...change })).toMatchObject({ reason })
  })
})

describe('payments', () => {
  const euros = { amount: 1234, divisor: 100, currency_code: 'EUR' }
  const raw = { payment_id: 1, receipt_id: 2, shop_currency: 'EUR', amount_gross: euros, amount_fees: euros, amount_net: euros }

  test('with the code of the buyer beside the amounts of the shop are in the currency of the shop', () => {
    const canadian = { ...euros, currency_code: 'CAD' }
    const odd = { ...raw, currency: 'CAD', buyer_currency: 'CAD', amount_gross: canadian, amount_fees: canadian, amount_net: canadian }
    expect(good(readPayment(odd, null))).toMatchObject({ platformId: '1', orderId: '2', currency: 'EUR', grossMinor: 1234 })
    const { shop_currency: _, ...unnamed } = odd
    expect(good(readPayment(unnamed, 'USD'))).toMatchObject({ currency: 'USD' })
    expect(readPayment(unnamed, null)).toMatchObject({ key: 'payment 1', reason: 'no_currency' })
    for (const user of users()) {
      const { currency } = user.shops.etsy
      const paid = sales(user).filter(({ paidAt }) => paidAt !== null)
      const read = it_.etsy.truth.payments(user).map((one) => good(readPayment(json(one), null)))
      expect(read.map((one) => [one.orderId, one.currency, one.grossMinor])).toEqual(
        paid.map((sale) => [String(sale.id), currency, totalOf(sale)]),
      )
    }
  })

  test('by the divisor: yen have no decimals', () => {
    const yen = { amount: 1234, divisor: 1, currency_code: 'USD' }
    const odd = {
      ...raw,
      shop_currency: 'JPY',
      amount_gross: yen,
      amount_fees: { ...yen, amount: 0 },
      amount_net: { amount: 123400, divisor: 100 },
    }
    expect(good(readPayment(odd, 'USD'))).toMatchObject({ currency: 'JPY', grossMinor: 1234, feeMinor: 0, netMinor: 1234 })
    expect(readPayment({ ...odd, amount_net: { amount: 1, divisor: 100 } }, 'USD')).toMatchObject({ reason: 'money' })
  })

  test('without a receipt belong to none', () => {
    expect(good(readPayment({ ...raw, receipt_id: 0, status: 'Settled' }, null))).toMatchObject({ orderId: null, status: 'settled' })
  })
})
