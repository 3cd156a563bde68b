import type { User } from '../../backend/sandbox/commerce/people'
import { publishedSchemas, stillCommerce } from '../support/commerce-sandbox'

const published = publishedSchemas('printify-schemas.json')

let it_: Awaited<ReturnType<typeof stillCommerce>>
let user: User
beforeAll(async () => {
  it_ = await stillCommerce({ users: 2, ordersPerShop: 300, productsPerShop: 80 })
  user = it_.world.users[0] as User
})
afterAll(() => it_.sandbox.close())
afterEach(() => it_.sandbox.reset())

const bearer = (token = it_.printify.tokens.of(user)) => ({ authorization: `Bearer ${token}` })
const get = (path: string, headers: Record<string, string> = bearer()) => it_.get(`${it_.sandbox.urls.PRINTIFY_URL}/v1${path}`, headers)
const shop = (path: string) => get(`/shops/${user.printify.shops.etsy}${path}`)
const orders = (query = '') => shop(`/orders.json${query}`)
type Entry = Record<string, unknown> & { id: string }
async function all(path: string): Promise<Entry[]> {
  const found: Entry[] = []
  for (let page = 1; ; page++) {
    const answer = (await shop(`${path}?page=${page}`)).json()
    found.push(...answer.data)
    if (page >= answer.last_page) return found
  }
}

test('every answer fits the published schemas and the documented bodies', async () => {
  const answers = {
    Shop: (await get('/shops.json')).json()[0],
    OrderList: (await orders()).json(),
    ProductList: (await shop('/products.json')).json(),
    PrintProvider: (await get('/catalog/print_providers/9.json')).json(),
    Blueprint: (await get('/catalog/blueprints/60.json')).json(),
  }
  for (const [name, answer] of Object.entries(answers))
    expect({ name, faults: published.faultsOf(name, answer) }).toEqual({ name, faults: [] })
  for (const order of it_.printify.truth.orders(user, 'etsy')) expect(published.faultsOf('Order', order)).toEqual([])
  expect((await get('/catalog/print_providers.json')).json()).toHaveLength(4)
  expect((await get('/catalog/blueprints.json')).json()).toHaveLength(8)
  expect((await get('/catalog/blueprints/60/print_providers.json')).json()).toHaveLength(4)
  expect((await get('/catalog/blueprints/1.json')).status).toBe(404)
})

describe('lists', () => {
  test('orders are newest first, ten a page whatever is asked, up to last_page', async () => {
    const first = (await orders('?limit=50')).json()
    const truth = it_.printify.truth.orders(user, 'etsy')
    expect(first).toMatchObject({
      current_page: 1,
      per_page: 10,
      total: truth.length,
      last_page: Math.ceil(truth.length / 10),
      next_page_url: '/?page=2',
      prev_page_url: null,
      path: '/',
    })
    expect(first.data[0].id).toBe(truth.at(-1)?.id)
    expect((await all('/orders.json')).reverse()).toEqual(truth)
    const beyond = (await orders('?page=999')).json()
    expect([beyond.data, beyond.from, beyond.next_page_url]).toEqual([[], null, null])
    expect((await orders('?limit=3')).json().data).toHaveLength(3)
  })

  test('an order that arrives shifts the pages', async () => {
    const before = (await orders()).json()
    const { id } = it_.printify.orders.add(user, 'etsy')
    const after = (await orders()).json()
    expect([after.total, after.data[0].id, after.data[1].id]).toEqual([before.total + 1, id, before.data[0].id])
    expect((await orders('?page=2')).json().data[0].id).toBe(before.data[9].id)
    expect(after.data[0].metadata).toEqual({ order_type: 'manual', shop_fulfilled_at: null })
  })

  test('an order that is removed is gone from the list, which closes up, and by its id', async () => {
    const before = (await orders()).json()
    const [{ id }] = before.data as [Entry]
    it_.printify.orders.remove(id)
    const after = (await orders()).json()
    expect([after.total, after.data[0]]).toEqual([before.total - 1, before.data[1]])
    expect((await shop(`/orders/${id}.json`)).status).toBe(404)
    expect(it_.printify.truth.links(user).some(({ printifyId }) => printifyId === id)).toBe(false)
  })

  test('products are up to 50 a page; one and an order are found by their ids', async () => {
    const products = await all('/products.json')
    expect((await shop('/products.json?limit=100')).json().data).toHaveLength(50)
    expect([...products].reverse()).toEqual(it_.printify.truth.products(user, 'etsy'))
    expect(products.filter(({ external }) => external === undefined).length).toBeGreaterThan(0)
    const [product] = products as [Entry]
    expect((await shop(`/products/${product.id}.json`)).json()).toEqual(product)
    const [order] = (await orders()).json().data
    expect((await shop(`/orders/${order.id}.json`)).json()).toEqual(order)
    expect((await shop('/orders/none.json')).status).toBe(404)
  })

  test('orders are filtered by status and sku', async () => {
    const truth = it_.printify.truth.orders(user, 'etsy')
    const cancelled = truth.filter(({ status }) => status === 'canceled')
    expect(cancelled.length).toBeGreaterThan(0)
    expect((await orders('?status=canceled')).json().total).toBe(cancelled.length)
    const sku = truth[0]?.line_items[0]?.metadata.sku as string
    expect((await orders(`?sku=${sku}`)).json().data.length).toBeGreaterThan(0)
  })
})

describe('what belongs together', () => {
  test('orders name those of Etsy and Shopify by number, text or label; some name none, and one that does not exist', () => {
    const links = it_.printify.truth.links(user)
    for (const channel of ['etsy', 'shopify'] as const) {
      const orderOf = new Map(it_.world.sales(user, channel).map((sale) => [sale.id, sale]))
      const documents = new Map(it_.printify.truth.orders(user, channel).map((order) => [order.id, order]))
      const mine = links.filter((link) => link.channel === channel)
      expect(mine).toHaveLength(documents.size)
      for (const { printifyId, orderId, method } of mine) {
        const metadata = documents.get(printifyId)?.metadata as Record<string, unknown>
        if (method === 'id') expect(Number(metadata.shop_order_id)).toBe(orderId)
        if (method === 'label') expect([metadata.shop_order_id, metadata.shop_order_label]).toEqual([undefined, expect.any(String)])
        if (orderId === null) expect(orderOf.has(Number(metadata.shop_order_id))).toBe(false)
        else expect(orderOf.has(orderId)).toBe(true)
      }
    }
    for (const method of ['id', 'label', 'none']) expect(links.filter((link) => link.method === method).length).toBeGreaterThan(0)
    const types = it_.printify.truth.orders(user, 'etsy').map(({ metadata }) => typeof (metadata as Record<string, unknown>).shop_order_id)
    expect(new Set(types)).toEqual(new Set(['number', 'string', 'undefined']))
  })

  test('a reprint is an order of its own which names the first one; what is cancelled costs nothing', () => {
    const truth = it_.printify.truth.orders(user, 'etsy')
    const byId = new Map(truth.map((order) => [order.id, order.metadata as Record<string, unknown>]))
    const reprints = [...byId].filter(([, { is_reprint: isReprint }]) => isReprint === true)
    expect(reprints.length).toBeGreaterThan(0)
    for (const [id, { reprinted_order_ids: firsts }] of reprints)
      expect(byId.get((firsts as string[])[0] as string)).toMatchObject({ child_reprinted_order_ids: [id] })
    const orders = [...truth, ...it_.printify.truth.orders(user, 'shopify')]
    const cancelled = new Set(orders.filter(({ status }) => status === 'canceled').map(({ id }) => id))
    for (const { printifyId, cost } of it_.printify.truth.links(user)) expect(cost === 0).toBe(cancelled.has(printifyId))
  })

  test('only printed lines are made, and the total is their costs', () => {
    const products = it_.world.products(user)
    const printed = new Set(products.filter(({ isPrinted }) => isPrinted).flatMap(({ variants }) => variants.map(({ sku }) => sku)))
    for (const { line_items: lines, total_price: price } of it_.printify.truth.orders(user, 'etsy')) {
      expect(lines.every(({ metadata }) => printed.has(metadata.sku))).toBe(true)
      expect(lines.reduce((sum, { cost, quantity }) => sum + cost * quantity, 0)).toBe(price)
    }
  })

  test('a cancel in the shop cancels the order there', async () => {
    const link = it_.printify.truth.links(user).find(({ channel, orderId, cost }) => channel === 'etsy' && orderId !== null && cost > 0)
    it_.world.cancel(user, 'etsy', link?.orderId as number)
    expect((await shop(`/orders/${link?.printifyId}.json`)).json().status).toBe('canceled')
  })
})

describe('limits and refusals', () => {
  test('a token is its account’s until it is revoked; a shop of another account is closed', async () => {
    expect((await get('/shops.json', {})).status).toBe(401)
    const old = bearer()
    expect((await get('/shops.json', old)).json().map(({ id }: { id: number }) => id)).toEqual([5000, 5001])
    expect((await get('/shops/5002/orders.json')).status).toBe(403)
    it_.printify.tokens.revoke(user)
    expect([(await get('/shops.json', old)).status, (await get('/shops.json')).status]).toEqual([401, 200])
  })

  test('600 requests in a minute and 100 of the catalog belong to an account', async () => {
    for (let n = 0; n < 100; n++) await get('/catalog/print_providers.json')
    expect((await get('/catalog/print_providers.json')).status).toBe(429)
    expect((await get('/shops.json')).status).toBe(200)
    expect((await get('/catalog/print_providers.json', bearer(it_.printify.tokens.of(it_.world.users[1] as User)))).status).toBe(200)
    it_.pass(60_000)
    for (let n = 0; n < 600; n++) await get('/shops.json')
    const refused = await get('/shops.json')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, null])
    expect(it_.sandbox.violations().byKind).toEqual({ 'printify-minute': 2 })
    expect(it_.sandbox.limits).toMatchObject({
      printify: { requests: 600, perMs: 60_000 },
      'printify.catalog': { requests: 100, perMs: 60_000 },
    })
  })

  test('after a 429 a minute of silence is due, or as long as it says', async () => {
    it_.sandbox.fault({ name: 'printify-429', times: 1, seconds: 5 })
    expect((await orders()).headers.get('retry-after')).toBe('5')
    it_.pass(4000)
    expect((await orders()).status).toBe(429)
    it_.pass(2000)
    expect((await orders()).status).toBe(200)
    expect(it_.sandbox.violations().byKind).toEqual({ 'printify-while-told-to-wait': 1 })
  })

  test('errors above 5 % of the requests are counted', async () => {
    for (let n = 0; n < 38; n++) await orders()
    it_.sandbox.fault({ name: 'printify-500', times: 2 })
    await orders()
    await orders()
    expect(it_.sandbox.violations().total).toBe(0)
    expect((await shop('/orders/none.json')).status).toBe(404)
    expect(it_.sandbox.violations().byKind).toEqual({ 'printify-errors': 1 })
  })

  test('faults of lists', async () => {
    const faulted = async (name: string) => {
      it_.sandbox.fault({ name, times: 1 })
      return (await orders('?limit=50')).json()
    }
    expect((await faulted('printify-fifty')).data).toHaveLength(50)
    expect(Object.keys(await faulted('printify-bare-list'))).toEqual(['current_page', 'data'])
    expect((await faulted('printify-absent-cost')).data[0].line_items[0].cost).toBeUndefined()
    expect((await faulted('printify-bad-order')).data[0].id).toBeUndefined()
    expect((await faulted('printify-401')).message).toBe('Unauthenticated.')
  })
})

test('control routes tell the truth and the token, and order by hand', async () => {
  const control = async (path: string, body?: object) => {
    const url = `${it_.sandbox.url}/_sandbox/commerce/printify${path}`
    return (await (body ? it_.post(url, JSON.stringify(body)) : it_.get(url))).json()
  }
  expect(await control('/truth?of=links')).toEqual(it_.printify.truth.links(user))
  const { id } = await control('/orders', { channel: 'etsy' })
  expect((await control('/truth?of=orders&channel=etsy')).at(-1).id).toBe(id)
  expect((await control('/truth?of=products&channel=shopify')).length).toBeGreaterThan(0)
  expect(await control('/token/revoke', { user: 0 })).toEqual(await control('/token?user=0'))
})
