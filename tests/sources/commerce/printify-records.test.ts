import { CHANNELS, type User } from '../../../backend/sandbox/commerce/people'
import { changedEntries } from '../../../backend/sandbox/commerce/printify-faults'
import { PRINT_PROVIDERS } from '../../../backend/sandbox/commerce/products'
import { readOrder, readProduct } from '../../../backend/sources/commerce/printify/records'
import { isReject } from '../../../backend/sources/commerce/reading'
import { stillCommerce } from '../../support/commerce-sandbox'

type Entry = Record<string, unknown>
let it_: Awaited<ReturnType<typeof stillCommerce>>
beforeAll(async () => {
  it_ = await stillCommerce({ users: 2, ordersPerShop: 200, productsPerShop: 40 })
})
afterAll(() => it_.sandbox.close())

/** As an answer has it. */
const json = <T>(value: T): T => JSON.parse(JSON.stringify(value))
const first = () => it_.world.users[0] as User
const orders = (user = first()) => CHANNELS.flatMap((channel) => json(it_.printify.truth.orders(user, channel)))
const providers = new Map(Object.entries(PRINT_PROVIDERS))
/** @throws {Error} for a reject */
function good<T extends object>(read: T): Exclude<T, { key: string }> {
  if (isReject(read)) throw new Error(`${read.key}: ${read.reason}: ${read.detail}`)
  return read as Exclude<T, { key: string }>
}

const NONE: Entry = { id: 'a1', status: 'fulfilled', line_items: [] }
const item = (change: Entry = {}): Entry => ({
  id: 'l1',
  product_id: 'p',
  variant_id: 7,
  quantity: 1,
  cost: 1050,
  shipping_cost: 400,
  ...change,
})
const order = (change: Entry = {}): Entry => ({ ...NONE, created_at: '2017-04-18 13:24:28+00:00', line_items: [item()], ...change })
const read = (change: Entry = {}, currency: string | null = null) => good(readOrder(order(change), currency))

describe('orders', () => {
  test('of the sandbox have the links, costs and reprints of the truth', () => {
    for (const user of it_.world.users) {
      const found = orders(user).map((one) => good(readOrder(one, 'USD')))
      const truth = new Map(it_.printify.truth.links(user).map((link) => [link.printifyId, link]))
      expect(found).toHaveLength(truth.size)
      for (const one of found) {
        const link = truth.get(one.platformId)
        if (link?.method === 'id') expect(one.shopOrderId).toBe(String(link.orderId))
        if (link?.method === 'label') expect([one.shopOrderId, one.shopOrderLabel]).toEqual([null, expect.any(String)])
        expect([one.isCancelled ? 0 : one.costMinor, one.reprintOf !== null]).toEqual([link?.cost, link?.isReprint])
        if (one.reprintOf !== null) expect(truth.has(one.reprintOf)).toBe(true)
      }
      expect(found.filter(({ isCancelled }) => isCancelled).map(({ costMinor }) => costMinor)).toContain(0)
    }
  })

  test('keep the documents, and have a line for each item and a fulfillment for each shipment', () => {
    for (const one of orders()) {
      const { raw, lines, fulfillments, createdAt } = good(readOrder(one, null))
      expect([raw, lines.map((line) => line.raw), fulfillments.map((parcel) => parcel.raw)]).toEqual([one, one.line_items, one.shipments])
      expect(createdAt).toBe(new Date(one.created_at).toISOString())
    }
  })

  test('a whole one, without a currency', () => {
    const metadata = { title: 'Necklace', price: 2200, variant_label: 'Gold', sku: 168699843 }
    const shipments = [{ carrier: 'usps', number: '9400', url: 'https://x.example/9400', delivered_at: '2017-04-20 13:24:28+00:00' }]
    const line = item({ metadata, print_provider_id: 5, status: 'Fulfilled' })
    expect(
      read({
        app_order_id: '9.1',
        line_items: [line],
        shipments,
        total_price: 2200,
        metadata: { shop_order_id: 13, shop_order_label: '13' },
      }),
    ).toMatchObject({
      platformId: 'a1',
      number: '9.1',
      status: 'fulfilled',
      createdAt: '2017-04-18T13:24:28.000Z',
      updatedAt: null,
      currency: null,
      totalMinor: null,
      costMinor: 1450,
      isPaid: true,
      shopOrderId: '13',
      shopOrderLabel: '13',
      reprintOf: null,
      lines: [
        {
          platformId: 'l1',
          listingId: 'p',
          variantId: '7',
          sku: '168699843',
          title: 'Necklace',
          status: 'fulfilled',
          currency: null,
          priceMinor: 2200,
          costMinor: 1050,
          shippingCostMinor: 400,
          printProviderId: '5',
        },
      ],
      fulfillments: [
        { platformId: 'a1/0', carrier: 'usps', trackingNumber: '9400', shippedAt: null, deliveredAt: '2017-04-20T13:24:28.000Z' },
      ],
      refunds: [],
    })
  })

  test.each<[string, unknown, string | null, string | null]>([
    ['a number', { shop_order_id: 5_000_000_000_123, shop_order_label: '#1001' }, '5000000000123', '#1001'],
    ['text', { shop_order_id: ' 42 ', shop_order_label: ' 42 ' }, '42', '42'],
    ['a label only', { shop_order_label: 1001 }, null, '1001'],
    ['nothing', {}, null, null],
    ['empty text', { shop_order_id: '', shop_order_label: '' }, null, null],
    ['zero', { shop_order_id: 0 }, null, null],
    ['an empty list', [], null, null],
    ['no metadata', undefined, null, null],
  ])('one that is linked by %s', (_, metadata, shopOrderId, shopOrderLabel) => {
    expect(read({ metadata })).toMatchObject({ shopOrderId, shopOrderLabel, reprintOf: null })
  })

  test.each<[string, object, string | null]>([
    ['names what it replaces', { is_reprint: true, reprinted_order_ids: ['a0'] }, 'a0'],
    ['names it without the mark', { reprinted_order_ids: 'a0' }, 'a0'],
    ['does not name it', { is_reprint: true, reprinted_order_ids: [] }, 'unnamed'],
    ['is none, for Printify denies it', { is_reprint: false, reprinted_order_ids: ['a0'] }, null],
    ['is none, for it was reprinted itself', { child_reprinted_order_ids: ['a2'] }, null],
  ])('a reprint that %s', (_, metadata, reprintOf) => {
    expect(read({ metadata })).toMatchObject({ reprintOf })
  })

  const two = [item({ quantity: 2 }), item({ id: 'l2', cost: 100, shipping_cost: 50 })]
  test.each<[string, Entry, number | null, string, (number | null)[]]>([
    ['of pieces adds up', { line_items: two, total_price: 2200 }, 2650, 'unit', [2100, 100]],
    ['of lines adds up', { line_items: two, total_price: 1150 }, 1600, 'line', [1050, 100]],
    ['adds up neither way', { line_items: two, total_price: 4000 }, 2650, 'unit', [2100, 100]],
    ['has no total', { line_items: two }, 2650, 'unit', [2100, 100]],
    ['is absent', { line_items: [item({ cost: undefined }), item({ id: 'l2' })], total_price: 1050 }, null, 'unit', [null, 1050]],
    ['has the shipping of the whole order', { line_items: [item({ shipping_cost: null })], total_shipping: 30 }, 1080, 'unit', [1050]],
    ['has no shipping', { line_items: [item({ shipping_cost: null })] }, null, 'unit', [1050]],
    ['has a cancelled line', { line_items: [item(), item({ id: 'l2', status: 'Canceled' })] }, 1450, 'unit', [1050, 1050]],
    ['is of cancelled lines', { line_items: [item({ status: 'canceled' })] }, 0, 'unit', [1050]],
    ['has no lines', { line_items: [] }, null, 'unit', []],
  ])('the cost %s', (_, change, costMinor, costRule, lines) => {
    const one = read(change)
    expect(one).toMatchObject({ costMinor, costRule })
    expect(one.lines.map((line) => line.costMinor)).toEqual(lines)
  })

  test.each<[string, Entry, object]>([
    ['on-hold', {}, { isPaid: false, isCancelled: false }],
    ['Payment-Not-Received', {}, { status: 'payment-not-received', isPaid: false }],
    ['canceled', {}, { isCancelled: true, isPaid: false }],
    ['In-Production', {}, { status: 'in-production', isPaid: true }],
    ['has-issues', { sent_to_production_at: '2017-04-18 13:24:28+00:00' }, { status: 'has-issues', isPaid: true }],
  ])('the status %s', (status, change, record) => {
    expect(read({ ...change, status })).toMatchObject(record)
  })

  test('lines without an id are named by their order, and a time without a zone is UTC', () => {
    const one = read({ line_items: [item({ id: undefined }), item({ id: null })], created_at: '2017-04-18 13:24:28' })
    expect(one.lines.map(({ platformId }) => platformId)).toEqual(['a1/0', 'a1/1'])
    expect(one.createdAt).toBe('2017-04-18T13:24:28.000Z')
    expect(read({ created_at: undefined }).createdAt).toBeNull()
  })

  test('money is in the currency of the account', () => {
    expect(read({}, 'KWD')).toMatchObject({ currency: 'KWD', costMinor: 14_500, lines: [{ costMinor: 10_500, currency: 'KWD' }] })
    expect(readOrder(order({ line_items: [item({ cost: 1051 })] }), 'JPY')).toMatchObject({ reason: 'money' })
  })

  test.each<[string, Entry]>([
    ['no id', { id: undefined }],
    ['no lines at all', { line_items: undefined }],
    ['a line without a quantity', { line_items: [item({ quantity: undefined })] }],
    ['a cost with a fraction', { line_items: [item({ cost: 10.5 })] }],
    ['an odd time', { created_at: 'yesterday' }],
  ])('one with %s is rejected', (_, change) => {
    expect(readOrder(order(change), null)).toMatchObject({ reason: 'schema', key: expect.stringMatching(/^order ./), raw: order(change) })
  })

  test('the faults of the sandbox cost one order of its page, or its cost', () => {
    const page = orders().slice(0, 3) as unknown as Entry[]
    const only = (fault: string) => (name: string) => (name === fault ? ({ entry: 1 } as never) : undefined)
    const bad = changedEntries(only('printify-bad-order'), page).map((one) => readOrder(one, null))
    expect(bad.map(isReject)).toEqual([false, true, false])
    const absent = changedEntries(only('printify-absent-cost'), page).map((one) => good(readOrder(one, null)).costMinor)
    expect(absent.map((cost) => cost === null)).toEqual([false, true, false])
  })
})

describe('products', () => {
  const surroundings = { currency: null, providers }

  test('of the sandbox have their variants with costs, and the name of their print provider', () => {
    const truth = json(it_.printify.truth.products(first(), 'etsy'))
    const found = truth.map((one) => good(readProduct(one, surroundings)))
    found.forEach((one, n) => {
      const document = truth[n] as (typeof truth)[number] & { external?: { id: string } }
      expect(one).toMatchObject({
        platformId: document.id,
        printProviderId: String(document.print_provider_id),
        printProvider: PRINT_PROVIDERS[document.print_provider_id],
        externalId: document.external?.id ?? null,
        isVisible: document.visible,
        createdAt: new Date(document.created_at).toISOString(),
        updatedAt: new Date(document.updated_at).toISOString(),
        raw: document,
      })
      expect(one.variants).toEqual(
        document.variants.map(({ id, sku, title, price, cost }) => ({
          id: String(id),
          sku,
          title,
          priceMinor: price,
          costMinor: cost,
          quantity: null,
          isEnabled: true,
        })),
      )
    })
    expect(found.some(({ externalId }) => externalId === null)).toBe(true)
  })

  test.each<[string, Entry, object]>([
    ['an unknown provider', { print_provider_id: 12_345 }, { printProvider: null, printProviderId: '12345' }],
    ['a link written as a list', { external: [] }, { externalId: null }],
    ['a link written as a number', { external: { id: 77 } }, { externalId: '77' }],
    ['nothing but an id', {}, { title: null, updatedAt: null, isVisible: null, variants: [] }],
    [
      'a variant without a cost',
      { variants: [{ id: 1, price: 5 }] },
      { variants: [{ id: '1', costMinor: null, priceMinor: 5, isEnabled: null }] },
    ],
  ])('one with %s is read', (_, change, record) => {
    expect(good(readProduct({ id: 'p1', ...change }, surroundings))).toMatchObject(record)
  })

  test.each<[string, unknown]>([
    ['no id', { title: 'x' }],
    ['an odd time', { id: 'p', updated_at: '17' }],
    ['a variant without an id', { id: 'p', variants: [{}] }],
    ['no form at all', null],
  ])('one with %s is rejected', (_, raw) => {
    expect(readProduct(raw, surroundings)).toMatchObject({ reason: 'schema', key: expect.stringMatching(/^product ./) })
  })
})
