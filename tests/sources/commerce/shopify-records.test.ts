import fc from 'fast-check'
import { isReject } from '../../../backend/sources/commerce/reading'
import { nodeOf, readLine } from '../../../backend/sources/commerce/shopify/bulk-lines'
import { readCustomer, readProduct } from '../../../backend/sources/commerce/shopify/catalog'
import { readOrder } from '../../../backend/sources/commerce/shopify/orders'
import { readRefundLine } from '../../../backend/sources/commerce/shopify/refunds'
import { REST } from '../../../backend/sources/commerce/shopify/rest'
import { isIn, split } from '../../../backend/sources/commerce/shopify/windows'

/* Orders, products and customers of Shopify as they come, also in odd forms. */

type Doc = Record<string, unknown>
const bag = (amount: string, currencyCode = 'EUR') => ({
  shopMoney: { amount, currencyCode },
  presentmentMoney: { amount: '1.0', currencyCode: 'JPY' },
})
const gid = (type: string, id: number) => `gid://shopify/${type}/${id}`
const line = (id: number, more: Doc = {}): Doc => ({
  __typename: 'LineItem',
  id: gid('LineItem', id),
  sku: 'S',
  title: 'Mug',
  quantity: 2,
  originalUnitPriceSet: bag('10.0'),
  totalDiscountSet: bag('3.5'),
  product: { id: gid('Product', 7) },
  variant: null,
  ...more,
})
const transaction = (id: number, more: Doc = {}): Doc => ({
  id: gid('OrderTransaction', id),
  kind: 'SALE',
  status: 'SUCCESS',
  test: false,
  createdAt: '2026-03-01T10:00:00Z',
  processedAt: '2026-03-01T10:00:05Z',
  amountSet: bag('21.0'),
  fees: [{ amount: { amount: '0.91', currencyCode: 'EUR' }, taxAmount: { amount: '0.17', currencyCode: 'EUR' } }],
  ...more,
})
const order = (more: Doc = {}): Doc => ({
  __typename: 'Order',
  id: gid('Order', 1001),
  legacyResourceId: '1001',
  name: '#1001',
  createdAt: '2026-03-01T12:00:00+02:00',
  processedAt: '2026-03-01T12:00:00+02:00',
  updatedAt: '2026-03-05T10:00:00Z',
  cancelledAt: null,
  test: false,
  displayFinancialStatus: 'PARTIALLY_REFUNDED',
  subtotalLineItemsQuantity: 2,
  totalPriceSet: bag('21.0'),
  currentTotalPriceSet: bag('16.0'),
  subtotalPriceSet: bag('16.5'),
  totalTaxSet: bag('2.1'),
  totalShippingPriceSet: bag('4.5'),
  totalDiscountsSet: bag('3.5'),
  customer: { id: gid('Customer', 9) },
  lineItems: { nodes: [line(1)] },
  fulfillments: [
    {
      id: gid('Fulfillment', 3),
      status: 'SUCCESS',
      createdAt: '2026-03-02T10:00:00Z',
      deliveredAt: null,
      trackingInfo: [
        { company: 'DHL', number: '1', url: null },
        { company: 'UPS', number: '2', url: null },
      ],
    },
  ],
  refunds: [
    {
      id: gid('Refund', 4),
      createdAt: '2026-03-05T09:00:00Z',
      processedAt: '2026-03-05T09:00:01Z',
      note: 'broken',
      totalRefundedSet: bag('5.0'),
    },
  ],
  transactions: [transaction(11), transaction(12, { kind: 'REFUND', amountSet: bag('5.0'), fees: [] })],
  ...more,
})
/** What is read of an order that must be readable. */
const read = (more: Doc = {}, form = undefined as typeof REST | undefined) => {
  const found = readOrder(more.id === undefined ? order(more) : more, form)
  if (isReject(found)) throw new Error(`${found.reason}: ${found.detail}`)
  return found
}
const rejected = (more: Doc) => {
  const found = readOrder(order(more))
  return isReject(found) ? { key: found.key, reason: found.reason, detail: found.detail } : found
}

describe('an order', () => {
  test('is booked in the money of the shop, as it was ordered; what went back since has a day of its own', () => {
    const { order: found, payments, rejected: none } = read()
    expect(found).toMatchObject({
      platformId: '1001',
      number: '#1001',
      status: 'partially_refunded',
      createdAt: '2026-03-01T10:00:00.000Z',
      updatedAt: '2026-03-05T10:00:00.000Z',
      isPaid: true,
      isCancelled: false,
      isTest: false,
      currency: 'EUR',
      totalMinor: 2100,
      subtotalMinor: 1650,
      shippingMinor: 450,
      taxMinor: 210,
      discountMinor: 350,
      customerId: '9',
    })
    expect(found.lines).toMatchObject([
      { platformId: '1', listingId: '7', variantId: null, quantity: 2, priceMinor: 1000, totalMinor: 1650 },
    ])
    expect(found.fulfillments).toMatchObject([
      { platformId: '3', carrier: 'DHL', trackingNumber: '1', shippedAt: '2026-03-02T10:00:00.000Z' },
    ])
    // A tenth of the order was tax, so a tenth of what went back is.
    expect(found.refunds).toMatchObject([
      { platformId: '4', createdAt: '2026-03-05T09:00:00.000Z', amountMinor: 500, taxMinor: 50, reason: 'broken', lines: null },
    ])
    expect(none).toEqual([])
    expect(payments).toMatchObject([
      {
        platformId: '11',
        orderId: '1001',
        kind: 'charge',
        type: 'sale',
        createdAt: '2026-03-01T10:00:05.000Z',
        amountMinor: 2100,
        feeMinor: 108,
        updatedAt: found.updatedAt,
      },
      { platformId: '12', kind: 'refund', amountMinor: -500, feeMinor: 0 },
    ])
    expect((found.raw as Doc).lineItems).toBeUndefined()
    expect(found.lines[0]?.raw).toEqual(line(1))
  })

  test('one that was imported was sold when it was placed', () => {
    expect(read({ processedAt: '2019-05-05T05:05:05Z' }).order.createdAt).toBe('2019-05-05T05:05:05.000Z')
  })

  test('cancelled, test and unpaid ones are so', () => {
    expect(read({ cancelledAt: '2026-03-03T00:00:00Z' }).order).toMatchObject({
      isCancelled: true,
      cancelledAt: '2026-03-03T00:00:00.000Z',
    })
    expect(read({ test: true }).order.isTest).toBe(true)
    for (const status of ['AUTHORIZED', 'PENDING', 'PARTIALLY_PAID', 'VOIDED', 'EXPIRED', 'SOMETHING_NEW', null])
      expect([status, read({ displayFinancialStatus: status }).order.isPaid]).toEqual([status, false])
  })

  test('only what succeeded moves money', () => {
    const of = (more: Doc) => read({ transactions: [transaction(11, more)] }).payments[0]
    for (const more of [{ status: 'FAILURE' }, { status: 'PENDING' }, { test: true }])
      expect(of(more)).toMatchObject({ kind: 'charge', amountMinor: 0, feeMinor: 0 })
    expect(of({ kind: 'AUTHORIZATION' })).toMatchObject({ kind: 'other', amountMinor: 0 })
    expect(of({ kind: 'CHANGE', fees: [] })).toMatchObject({ kind: 'other', amountMinor: -2100 })
    expect(of({ kind: 'CAPTURE', fees: null })).toMatchObject({ kind: 'charge', amountMinor: 2100, feeMinor: 0 })
  })

  test('an odd transaction costs neither its order nor the others', () => {
    const {
      order: found,
      payments,
      rejected: odd,
    } = read({
      transactions: [
        transaction(11),
        transaction(12, { fees: [{ amount: { amount: '1.0', currencyCode: 'USD' } }] }),
        'nothing',
        transaction(13, { amountSet: null }),
      ],
    })
    expect([found.platformId, payments.length]).toEqual(['1001', 1])
    expect(odd.map(({ key, reason }) => [key, reason])).toEqual([
      [`transaction ${gid('OrderTransaction', 12)}`, 'mixed_currencies'],
      [expect.stringMatching(/^transaction [0-9a-f]{16}$/), 'schema'],
      [`transaction ${gid('OrderTransaction', 13)}`, 'schema'],
    ])
  })

  test('without all of its lines it is not stored: they would be taken for deleted', () => {
    expect(rejected({ subtotalLineItemsQuantity: 3 })).toMatchObject({
      key: 'order 1001',
      reason: 'lines_missing',
      detail: expect.stringContaining('2 pieces'),
    })
    expect(rejected({ lineItems: { nodes: [line(1)], pageInfo: { hasNextPage: true, endCursor: 'x' } } })).toMatchObject({
      reason: 'lines_missing',
    })
    // A tip is a line that Shopify does not count.
    expect(read({ subtotalLineItemsQuantity: 1 }).order.lines).toHaveLength(1)
    expect(read({ subtotalLineItemsQuantity: 0, lineItems: { nodes: [] } }).order.lines).toEqual([])
  })

  test.each([
    ['no currency', { totalPriceSet: { shopMoney: { amount: '1.0' } } }, 'no_currency'],
    ['two currencies', { totalTaxSet: bag('1.0', 'USD') }, 'mixed_currencies'],
    ['a fraction of a cent', { totalPriceSet: bag('1.005') }, 'money'],
    ['no number', { totalPriceSet: bag('1e3') }, 'money'],
    ['more than a number holds', { totalPriceSet: bag('99999999999999999.0') }, 'money'],
    ['no time', { createdAt: null, processedAt: null }, 'schema'],
    ['a word for a time', { processedAt: 'soon' }, 'schema'],
    ['no lines at all', { lineItems: null }, 'schema'],
    ['an odd line', { lineItems: { nodes: [line(1, { quantity: 1.5 })] } }, 'schema'],
    ['an odd id', { id: '1001x' }, 'schema'],
  ])('with %s it is a reject with a name', (_, more, reason) => {
    expect(rejected(more)).toMatchObject({ key: expect.stringMatching(/^order 1001$/), reason })
  })

  test('yen have no decimals, and dinars three', () => {
    const money = (amount: string, currency: string) => ({
      ...Object.fromEntries(
        ['totalPriceSet', 'subtotalPriceSet', 'totalTaxSet', 'totalShippingPriceSet', 'totalDiscountsSet'].map((name) => [
          name,
          bag(amount, currency),
        ]),
      ),
      lineItems: { nodes: [line(1, { originalUnitPriceSet: bag(amount, currency), totalDiscountSet: bag('0.0', currency) })] },
      refunds: [],
      transactions: [],
    })
    expect(read(money('1500.0', 'JPY')).order).toMatchObject({ totalMinor: 1500, currency: 'JPY', lines: [{ totalMinor: 3000 }] })
    expect(read(money('1.505', 'KWD')).order).toMatchObject({ totalMinor: 1505, currency: 'KWD' })
  })

  test('has 5,000 lines, in the order of their ids', () => {
    const nodes = Array.from({ length: 5000 }, (_, n) => line(5000 - n, { quantity: 1 }))
    const { lines } = read({ lineItems: { nodes }, subtotalLineItemsQuantity: 5000 }).order
    expect(lines.map(({ platformId }) => Number(platformId))).toEqual(Array.from({ length: 5000 }, (_, n) => n + 1))
  })
})

test('a line of a refund is a record of its own, also without an id', () => {
  const of = { id: '4', createdAt: '2026-03-05T09:00:00.000Z', currency: 'EUR' }
  const raw = {
    id: gid('RefundLineItem', 8),
    quantity: 1,
    lineItem: { id: gid('LineItem', 1) },
    subtotalSet: bag('8.25'),
    totalTaxSet: bag('0.82'),
  }
  expect(readRefundLine(raw, of)).toMatchObject({
    platformId: '8',
    refundId: '4',
    lineItemId: '1',
    quantity: 1,
    currency: 'EUR',
    subtotalMinor: 825,
    taxMinor: 82,
    updatedAt: of.createdAt,
    raw,
  })
  expect(readRefundLine({ ...raw, id: null }, of)).toMatchObject({ platformId: '4/1' })
  expect(readRefundLine({ ...raw, lineItem: null }, of)).toMatchObject({ key: `line of refund 4 ${raw.id}`, reason: 'schema' })
  const rest = { id: 8, line_item_id: 1, quantity: 1, subtotal: 8.25, total_tax: '0.82' }
  expect(readRefundLine(rest, of, REST)).toMatchObject({ platformId: '8', subtotalMinor: 825, taxMinor: 82, raw: rest })
})

describe('a product', () => {
  const store = { currency: 'EUR', name: 'example' }
  const variant = (id: number, more: Doc = {}): Doc => ({
    id: gid('ProductVariant', id),
    sku: null,
    title: 'S',
    price: '12.50',
    inventoryQuantity: 3,
    inventoryItem: { unitCost: { amount: '4.2', currencyCode: 'EUR' } },
    ...more,
  })
  const product = (more: Doc = {}): Doc => ({
    id: gid('Product', 7),
    legacyResourceId: '7',
    title: 'Mug',
    handle: 'mug',
    status: 'ACTIVE',
    createdAt: '2026-01-01T00:00:00Z',
    updatedAt: null,
    variants: { nodes: [variant(2), variant(1, { price: '9.00' })] },
    ...more,
  })

  test('is a listing at the price of its cheapest variant', () => {
    expect(readProduct(product(), store)).toMatchObject({
      platformId: '7',
      status: 'active',
      url: 'https://example.myshopify.com/products/mug',
      currency: 'EUR',
      priceMinor: 900,
      quantity: 6,
      variants: [
        { id: '1', priceMinor: 900, costMinor: 420 },
        { id: '2', priceMinor: 1250 },
      ],
    })
    expect(readProduct(product({ status: 'DRAFT', variants: { nodes: [] } }), store)).toMatchObject({
      url: null,
      priceMinor: null,
      quantity: null,
    })
    expect(readProduct(product({ variants: { nodes: [variant(1, { inventoryQuantity: -2 })] } }), store)).toMatchObject({ quantity: -2 })
  })

  test('its prices have no currency: without that of the shop they are not guessed', () => {
    expect(readProduct(product(), { ...store, currency: null })).toMatchObject({
      currency: null,
      priceMinor: null,
      variants: [{ priceMinor: null, costMinor: null }, {}],
    })
    expect(
      readProduct(
        product({ variants: { nodes: [variant(1, { inventoryItem: { unitCost: { amount: '5.0', currencyCode: 'USD' } } })] } }),
        store,
      ),
    ).toMatchObject({ variants: [{ costMinor: null }] })
  })

  test('without all of its variants, or with an odd one, it is a reject', () => {
    expect(readProduct(product({ variants: { nodes: [], pageInfo: { hasNextPage: true } } }), store)).toMatchObject({
      key: 'product 7',
      reason: 'variants_missing',
    })
    expect(readProduct(product({ variants: { nodes: [variant(1, { price: 'x' })] } }), store)).toMatchObject({ reason: 'money' })
    expect(readProduct(null, store)).toMatchObject({ reason: 'schema' })
  })
})

test('a customer whose data Shopify hides is one all the same', () => {
  const customer = {
    id: gid('Customer', 9),
    legacyResourceId: '9',
    createdAt: '2026-01-01T00:00:00Z',
    updatedAt: '2026-01-02T00:00:00Z',
    numberOfOrders: '12',
    amountSpent: { amount: '100.5', currencyCode: 'EUR' },
  }
  expect(readCustomer(customer)).toMatchObject({
    platformId: '9',
    name: null,
    email: null,
    city: null,
    ordersCount: 12,
    currency: 'EUR',
    spentMinor: 10_050,
  })
  expect(
    readCustomer({ ...customer, firstName: 'Ada', lastName: '', defaultAddress: { city: 'Bonn', countryCodeV2: 'DE' } }),
  ).toMatchObject({ name: 'Ada', city: 'Bonn', country: 'DE' })
  expect(readCustomer({ ...customer, numberOfOrders: 'many' })).toMatchObject({ key: 'customer 9', reason: 'schema' })
})

describe('the old form of REST', () => {
  const rest = (more: Doc = {}): Doc => ({
    id: 1001,
    name: '#1001',
    created_at: '2026-03-01T05:00:00-05:00',
    updated_at: '2026-03-05T05:00:00-05:00',
    currency: 'EUR',
    financial_status: 'partially_refunded',
    total_price: '21.00',
    total_tax: '2.10',
    line_items: [{ id: 1, quantity: 2, price: '10.00', total_discount: '3.50', product_id: 7, sku: 'S', title: 'Mug' }],
    refunds: [
      {
        id: 4,
        created_at: '2026-03-05T04:00:00-05:00',
        transactions: [
          { kind: 'refund', status: 'success', amount: '4.90' },
          { kind: 'refund', status: 'success', amount: '0.1' },
          { kind: 'refund', status: 'failure', amount: '9.00' },
        ],
      },
    ],
    transactions: [],
    ...more,
  })

  test('gives the same order', () => {
    const { order: found } = read(rest(), REST)
    expect(found).toMatchObject({
      createdAt: '2026-03-01T10:00:00.000Z',
      totalMinor: 2100,
      shippingMinor: null,
      status: 'partially_refunded',
      isPaid: true,
    })
    expect(found.lines).toMatchObject([{ platformId: '1', listingId: '7', totalMinor: 1650 }])
    expect(found.refunds).toMatchObject([{ platformId: '4', amountMinor: 500 }])
  })

  test('what has no form is a reject with the document as it came', () => {
    const odd = rest({ line_items: 'none' })
    expect(readOrder(odd, REST)).toMatchObject({ key: 'order 1001', reason: 'schema', raw: odd })
    expect(readOrder(rest({ currency: undefined }), REST)).toMatchObject({ reason: 'no_currency' })
    expect(
      readOrder(rest({ refunds: [{ id: 4, transactions: [{ kind: 'refund', status: 'success', amount: 'x' }] }] }), REST),
    ).toMatchObject({ reason: 'money' })
    expect(
      readOrder(rest({ refunds: [{ id: 4, transactions: [{ kind: 'refund', status: 'success', amount: '5', currency: 'USD' }] }] }), REST),
    ).toMatchObject({ reason: 'mixed_currencies' })
  })

  test('amounts of a refund are added to the cent', () => {
    const cents = fc.integer({ min: 0, max: 10_000_000 })
    fc.assert(
      fc.property(fc.array(cents, { maxLength: 8 }), (amounts) => {
        const texts = amounts.map((amount) => (amount / 100).toFixed(amount % 100 === 0 ? 0 : 2))
        const refund = {
          id: 4,
          created_at: '2026-03-05T04:00:00Z',
          transactions: texts.map((amount) => ({ kind: 'refund', status: 'success', amount })),
        }
        expect(read(rest({ refunds: [refund] }), REST).order.refunds[0]?.amountMinor).toBe(amounts.reduce((sum, amount) => sum + amount, 0))
      }),
    )
  })
})

describe('lines of bulk files', () => {
  test('a root and the lines below it are the node of a page', () => {
    const { lineItems, ...root } = order()
    const below = (lineItems as { nodes: Doc[] }).nodes.map((content) => ({
      objectId: String(content.id),
      parentId: String(root.id),
      content: { ...content, __parentId: root.id },
    }))
    expect(nodeOf({ line: 0, content: root, below } as never)).toEqual(order())
    expect(nodeOf({ line: 0, content: root, below: [] } as never)).toMatchObject({ lineItems: { nodes: [] } })
    const customer = { __typename: 'Customer', id: gid('Customer', 9) }
    expect(nodeOf({ line: 0, content: customer, below: [] })).toEqual(customer)
  })

  test('what is no object is named by its place and contained', () => {
    expect(readLine('{"id":"a","__parentId":"b","x":1}', 3, 'f')).toEqual({
      line: 3,
      objectId: 'a',
      parentId: 'b',
      content: { id: 'a', __parentId: 'b', x: 1 },
    })
    expect(readLine('{"x":1}', 0, 'f')).toMatchObject({ objectId: null, parentId: null })
    for (const text of ['{"id":"a","qua', '[]', 'null', '7', ''])
      expect([text, readLine(text, 5, 'operation 1')]).toEqual([
        text,
        expect.objectContaining({ key: 'line 5 of operation 1', reason: 'malformed_line', raw: text }),
      ])
  })
})

test('a window that is split has parts side by side, with edges at midnight, in which every moment is once', () => {
  const moment = fc.integer({ min: Date.UTC(2006, 0), max: Date.UTC(2026, 10) }).map((ms) => new Date(ms).toISOString())
  const spans = fc
    .tuple(moment, moment, fc.boolean())
    .map(([a, b, isOpen]) => ({ opened: a < b ? a : b, from: isOpen ? null : a < b ? a : b, to: a < b ? b : a }))
  fc.assert(
    fc.property(spans, fc.integer({ min: 1, max: 10_000_000 }), moment, ({ opened, ...span }, count, at) => {
      const parts = split(span, opened, count, 10_000)
      expect([parts[0]?.from, parts.at(-1)?.to, parts.length <= 16]).toEqual([span.from, span.to, true])
      for (const [n, part] of parts.entries()) {
        if (n > 0) expect([part.from, part.from?.slice(10)]).toEqual([parts[n - 1]?.to, 'T00:00:00Z'])
        if (part.from !== null) expect(Date.parse(part.from)).toBeLessThanOrEqual(Date.parse(part.to))
      }
      expect(parts.filter((part) => isIn(part, at)).length).toBe(isIn(span, at) ? 1 : 0)
    }),
  )
})
