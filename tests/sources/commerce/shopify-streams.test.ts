import type { Db } from '../../../backend/database/db'
import { ownDatabase } from '../../support/database'
import type { Json } from '../../support/shopify-sandbox'
import { type ShopifyWorld, shopifyWorld } from '../../support/shopify-world'

/* Lists of a shop, read by each transport into a real database. */

let db: Db
let it_: ShopifyWorld
ownDatabase(async (opened, url) => {
  db = opened
  it_ = await shopifyWorld(db, url, { ordersPerShop: 130, productsPerShop: 40 })
})
afterAll(() => it_?.close())
beforeEach(async () => {
  it_.sandbox.reset()
  await db.query(
    'truncate commerce.orders, commerce.line_items, commerce.fulfillments, commerce.refunds, commerce.refund_lines, commerce.payments, commerce.listings, commerce.customers, commerce.bulk_lines, commerce.bulk_operations, commerce.changed_days',
  )
  await it_.connect()
})

const TABLES = ['orders', 'line_items', 'refunds', 'refund_lines', 'payments', 'listings', 'customers'] as const
async function counts() {
  const rows = await Promise.all(
    TABLES.map((table) => db.query<{ n: number }>(`select count(*)::int as n from commerce.${table} where deleted_at is null`)),
  )
  return Object.fromEntries(TABLES.map((table, n) => [table, rows[n]?.[0]?.n])) as Record<(typeof TABLES)[number], number>
}
const sum = (list: number[]) => list.reduce((total, one) => total + one, 0)
const RECENT = '2026-04-15T00:00:00.000Z'
/** What a complete backfill of orders holds. */
function truth(from: string | null = null) {
  const orders = (it_.shopify.truth.orders(it_.user) as Json[]).filter(
    ({ createdAt }) => from === null || Date.parse(createdAt) >= Date.parse(from),
  )
  const refunds = orders.flatMap((order) => order.refunds)
  return {
    orders: orders.length,
    line_items: sum(orders.map(({ lineItems }) => lineItems.length)),
    refunds: refunds.length,
    refund_lines: sum(refunds.map(({ refundLineItems }) => refundLineItems.length)),
    payments: sum(orders.map(({ transactions }) => transactions.length)),
  }
}
const fault = (name: string, options: object = {}) => it_.sandbox.fault({ name, times: 1, ...options })
const started = () => it_.shopify.bulk.statusOf(it_.user.number)

/** Reads while the data of every answer is changed on its way. */
async function altered<T>(change: (data: Json, after: string | null) => void, read: () => Promise<T>): Promise<T> {
  const real = it_.io.http
  const http: typeof real = (api) => {
    const client = real(api)
    return {
      base: client.base,
      async request(wanted) {
        const answer = await client.request(wanted)
        change((answer.data as Json)?.data, (wanted.body as Json)?.variables?.after ?? null)
        return answer
      },
    }
  }
  Object.assign(it_.io, { http })
  try {
    return await read()
  } finally {
    Object.assign(it_.io, { http: real })
  }
}

describe.each(['bulk', 'graphql', 'rest'] as const)('by %s', (transport) => {
  test('orders are stored with all their parts, each once, and the second time nothing is', async () => {
    // Of REST, a call for each order.
    const from = transport === 'rest' ? RECENT : null
    const expected = truth(from)
    const read = await it_.read('orders', { transport, from })
    expect(read).toMatchObject({ failed: [], unverified: [], rejects: [], notes: [], new: expected.orders, updated: 0, unchanged: 0 })
    expect(await counts()).toMatchObject(expected)
    const again = await it_.read('orders', { transport, from })
    expect(again).toMatchObject({ failed: [], new: 0, updated: 0, unchanged: expected.orders, deleted: 0 })
    expect(await db.query('select 1 from commerce.bulk_lines')).toEqual([])
  }, 60_000)

  test('products and customers are stored, and a product that is gone is deleted', async () => {
    await db.query(
      `insert into commerce.listings (account_id, platform, platform_id, raw, read_at, fingerprint, stored_in, variants) values ($1, 'shopify', 'gone', '{}', now() - interval '1 day', '', 0, '[]')`,
      [it_.account.id],
    )
    const products = await it_.read('products', { transport })
    expect(products).toMatchObject({ failed: [], unverified: [], rejects: [], new: 40, deleted: 1 })
    const customers = await it_.read('customers', { transport })
    expect(customers).toMatchObject({ failed: [], unverified: [], rejects: [] })
    expect(await counts()).toMatchObject({ listings: 40, customers: it_.shopify.truth.customers(it_.user).length })
  }, 60_000)
})

describe('a bulk operation', () => {
  const FROM = '2025-12-01T00:00:00.000Z'
  const backfill = () => it_.read('orders', { transport: 'bulk', from: FROM })
  const isWhole = async (read: Awaited<ReturnType<typeof backfill>>) => {
    expect(read).toMatchObject({ failed: [], unverified: [] })
    expect(await counts()).toMatchObject(truth(FROM))
    expect(await db.query('select 1 from commerce.bulk_lines')).toEqual([])
  }

  test('that was started although nobody heard of it is found, and no second one is started', async () => {
    fault('shopify-lost', { match: '#BulkRun$' })
    const read = await backfill()
    await isWhole(read)
    expect([read.errors, started()]).toEqual([['connection'], { COMPLETED: 1 }])
    expect(await db.query('select status, entity from commerce.bulk_operations')).toEqual([{ status: 'completed', entity: 'orders' }])
  })

  test('that fails leaves its part, which is kept; the rest is asked for in halves', async () => {
    let kept = 0
    fault('shopify-bulk-fails', { share: 0.5 })
    const between = async (task: { stream: string }) => {
      if (task.stream === 'shopify_window' && kept === 0) kept = (await counts()).orders
    }
    const read = await it_.read('orders', { transport: 'bulk', from: FROM, between })
    await isWhole(read)
    expect(read.tasks.filter((name) => name === 'shopify_window')).toHaveLength(2)
    expect(kept).toBeGreaterThan(5)
    expect(read.rejects).toEqual([])
    expect(started()).toEqual({ FAILED: 1, COMPLETED: 2 })
  })

  test('that fails again and again is replaced by pages', async () => {
    it_.sandbox.fault({ name: 'shopify-bulk-fails', times: 99, share: 0, errorCode: 'TIMEOUT' })
    const read = await it_.read('products', { transport: 'bulk' })
    expect(read).toMatchObject({
      failed: [],
      unverified: [],
      new: 40,
      notes: [expect.stringMatching(/products .* were read by pages: .*TIMEOUT.*3 times/)],
    })
    expect((await counts()).listings).toBe(40)
  })

  test.each([
    ['lacks a line', 'shopify-bulk-short', []],
    ['has a line that is no JSON', 'shopify-bulk-malformed', ['malformed_line']],
    ['has a line of an order that does not exist', 'shopify-bulk-orphan', ['orphan_line']],
    ['ends early', 'shopify-bulk-cut', ['malformed_line']],
  ])('whose file %s is never stored as it is: another one is started', async (_, name, rejects) => {
    fault(name)
    const read = await backfill()
    await isWhole(read)
    expect([read.rejects, read.new, read.deleted, started()]).toEqual([rejects, truth(FROM).orders, 0, { COMPLETED: 2 }])
  })

  test('whose files never are what Shopify counted is replaced by pages', async () => {
    it_.sandbox.fault({ name: 'shopify-bulk-short', times: 99, line: 3 })
    const read = await it_.read('products', { transport: 'bulk' })
    expect(read).toMatchObject({
      failed: [],
      new: 40,
      notes: [expect.stringContaining('were read by pages: the file of its bulk operation has')],
    })
  })

  test('waits while others are in its way', async () => {
    fault('shopify-bulk-busy')
    const waits: string[] = []
    const read = await it_.read('products', {
      transport: 'bulk',
      between: (_, cursor: { busySince?: string | null }) => void (cursor.busySince && waits.push(cursor.busySince)),
    })
    expect(read).toMatchObject({ failed: [], new: 40, errors: [] })
    expect(waits.length).toBeGreaterThan(0)
  })

  test('whose file breaks off, is gone, is at another host or comes as a whole is read all the same', async () => {
    for (const name of ['shopify-file-cut', 'shopify-file-gone', 'shopify-bulk-foreign-host', 'shopify-range-ignored']) fault(name)
    const read = await it_.read('customers', { transport: 'bulk' })
    expect(read).toMatchObject({ failed: [], unverified: [], rejects: [] })
    expect((await counts()).customers).toBe(it_.shopify.truth.customers(it_.user).length)
  })
})

describe('what the app may read', () => {
  test('without a scope a list fails with what to do, and nothing is asked', async () => {
    await it_.connect({ scopes: ['read_orders', 'read_products'] })
    for (const transport of ['graphql', 'rest'] as const) {
      const read = await it_.read('customers', { transport })
      expect(read.failed).toEqual([
        {
          kind: 'access_denied',
          reason: expect.stringMatching(/customers of .*: .*read_customers.* Connect the shop again/),
        },
      ])
    }
    expect(await it_.read('products')).toMatchObject({ failed: [], new: 40 })
  })

  test('orders of an app that may not name customers are read without them', async () => {
    await it_.connect({ scopes: ['read_orders', 'read_all_orders'] })
    const read = await it_.read('orders', { from: RECENT, transport: 'graphql' })
    expect(read).toMatchObject({ failed: [], unverified: [] })
    expect(await db.query('select distinct customer_id as id from commerce.orders')).toEqual([{ id: null }])
  })

  test('without read_all_orders, orders are those of 60 days, and the report says so', async () => {
    await it_.connect({ scopes: ['read_orders', 'read_customers'] })
    const read = await it_.read('orders')
    expect(read).toMatchObject({
      failed: [],
      unverified: [expect.stringMatching(/60 days .* read_all_orders/)],
      notes: [expect.stringContaining('60 days')],
    })
    expect((await counts()).orders).toBeLessThan(60)
  })

  test('what Shopify denies although the scope is there fails its list', async () => {
    it_.sandbox.fault({ name: 'shopify-denied', times: 99 })
    expect((await it_.read('customers')).failed).toMatchObject([{ kind: 'access_denied' }])
  })
})

describe('counts', () => {
  test('that stop are shown as such, and what is split is counted to the end', async () => {
    fault('shopify-count')
    const read = await it_.read('orders', { from: '2026-01-01T00:00:00.000Z' })
    const [first] = read.ended
    expect(first?.last.foreseen).toEqual([expect.objectContaining({ expected: 25_000, atLeast: true })])
    expect(read.tasks.filter((name) => name === 'shopify_window')).toHaveLength(3)
    expect(read).toMatchObject({ failed: [], unverified: [] })
    expect(await counts()).toMatchObject(truth('2026-01-01T00:00:00.000Z'))
  })

  test('that stop everywhere are no proof for pages', async () => {
    it_.sandbox.fault({ name: 'shopify-count', times: 99 })
    const read = await it_.read('customers', {
      transport: 'graphql',
      from: new Date(it_.world.now() * 1000 - 8 * 86_400_000).toISOString(),
    })
    expect(read.failed).toEqual([])
    expect(read.unverified.length).toBeGreaterThan(0)
  })

  test('that list whole days lose nothing and count nothing twice', async () => {
    it_.sandbox.fault({ name: 'shopify-midnight', times: 99 })
    const from = '2023-06-15T12:00:00.000Z'
    for (const transport of ['bulk', 'graphql'] as const) {
      const read = await it_.read('products', { transport, from })
      expect([transport, read.failed, read.unverified]).toEqual([transport, [], []])
    }
    const inside = (it_.shopify.truth.products(it_.user) as Json[]).filter(
      ({ createdAt }) => Date.parse(createdAt) >= Date.parse(from),
    ).length
    expect((await counts()).listings).toBeGreaterThanOrEqual(inside)
  })

  test.each([
    ['no place', () => null],
    ['its own place', (after: string | null) => after ?? 'start'],
  ])('a page that has a next one at %s is no end of the list', async (_, endCursor) => {
    const change = (data: Json, after: string | null) => {
      if (data?.page && after !== null) Object.assign(data.page.pageInfo, { hasNextPage: true, endCursor: endCursor(after) })
    }
    await expect(altered(change, () => it_.read('products', { transport: 'graphql' }))).rejects.toMatchObject({ kind: 'shape' })
  })

  test('that never fit what is listed fail the list, and it can be read from its start', async () => {
    const change = (data: Json) => {
      if (data?.count) data.count.count += 5
    }
    const read = await altered(change, () => it_.read('products', { transport: 'graphql' }))
    expect(read.failed).toEqual([
      {
        kind: 'count_mismatch',
        reason: expect.stringMatching(/counts 45 products .* and lists 40, also when/),
        from: expect.objectContaining({ after: null, seen: 0, round: 0 }),
      },
    ])
    expect((await counts()).listings).toBe(40)
  })
})

describe('a sync', () => {
  const since = () => new Date(it_.world.now() * 1000 - 3_600_000).toISOString()

  test('reads what has changed since, with new refunds and their lines, and nothing else', async () => {
    await it_.read('orders', { transport: 'bulk' })
    const [first, second] = it_.sold().filter(({ paidAt, refunds }) => paidAt !== null && refunds.length === 0)
    it_.world.refund(it_.user, 'shopify', first?.id as number)
    it_.world.cancel(it_.user, 'shopify', second?.id as number)
    it_.world.add(it_.user, 'shopify', {})
    const read = await it_.read('orders', { kind: 'incremental', from: since() })
    expect(read).toMatchObject({ failed: [], new: 1, updated: 2, rejects: [] })
    expect(await counts()).toMatchObject(truth())
    const again = await it_.read('orders', { kind: 'incremental', from: since() })
    expect(again).toMatchObject({ new: 0, updated: 0 })
  })

  test('of customers and products reads whole days', async () => {
    it_.world.add(it_.user, 'shopify', {})
    const read = await it_.read('customers', { kind: 'incremental', from: since() })
    expect(read).toMatchObject({ failed: [], unverified: [] })
    expect(read.new).toBeGreaterThan(0)
    expect(await it_.read('products', { kind: 'incremental', from: since() })).toMatchObject({ failed: [], new: 0 })
  })
})

test('orders that arrive while pages are read are neither lost nor in the way', async () => {
  let arrived = 0
  const from = '2025-01-01T00:00:00.000Z'
  const before = truth(from)
  const between = ({ stream }: { stream: string }) => {
    if (stream !== 'shopify_pages') return
    for (let n = 0; n < 2 && arrived < 11; n++, arrived++) it_.world.add(it_.user, 'shopify', {})
  }
  const read = await it_.read('orders', { transport: 'graphql', from, between })
  expect(arrived).toBe(11)
  expect(read).toMatchObject({ failed: [], unverified: [], new: before.orders })
})

test('a page without room for its parts is cut, and goes on where it was cut', async () => {
  const cut = { ...it_.io, more: () => false }
  const more = it_.io.more
  Object.assign(it_.io, { more: cut.more })
  const read = await it_.read('orders', { transport: 'graphql', from: RECENT })
  Object.assign(it_.io, { more })
  expect(read).toMatchObject({ failed: [], unverified: [], new: truth(RECENT).orders })
  expect(await counts()).toMatchObject(truth(RECENT))
})

test('a version that fell forward is noted once for each list', async () => {
  it_.sandbox.fault({ name: 'shopify-version', times: 99 })
  const read = await it_.read('products', { transport: 'graphql' })
  expect(new Set(read.notes)).toEqual(new Set([expect.stringContaining('instead of 2026-10')]))
})
