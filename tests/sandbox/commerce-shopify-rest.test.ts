import { totalOf } from '../../backend/sandbox/commerce/sales'
import { type Json, stillShopify } from '../support/shopify-sandbox'

let it_: Awaited<ReturnType<typeof stillShopify>>
beforeAll(async () => {
  it_ = await stillShopify()
})
afterAll(() => it_.sandbox.close())
afterEach(() => it_.sandbox.reset())

const END = Date.UTC(2026, 5, 30) / 1000
const get = (path: string, headers = it_.auth()) => {
  it_.pass(500)
  return it_.get(`${it_.of()}/admin/api/2026-10${path}`, headers)
}
const idsOf = (list: Json[]) => list.map(({ id }) => id)

test('since_id reads a list to its end, oldest first', async () => {
  const found: Json[] = []
  for (let since = 0; ; since = found.at(-1).id) {
    const { orders } = (await get(`/orders.json?status=any&limit=120&since_id=${since}`)).json()
    found.push(...orders)
    if (orders.length === 0) break
  }
  expect(idsOf(found)).toEqual(it_.sold().map(({ id }) => id))
  const sale = it_.sold()[7]
  expect(found[7]).toMatchObject({
    id: sale?.id,
    admin_graphql_api_id: `gid://shopify/Order/${sale?.id}`,
    total_price: (totalOf(sale as never) / 100).toFixed(2),
    created_at: expect.stringMatching(/-05:00$/),
  })
  expect(Date.parse(found[7].created_at) / 1000).toBe(sale?.createdAt)
  expect([found[7].line_items.length, found[7].refunds[0].refund_line_items.length]).toEqual([300, 260])
})

test('page_info leads from page to page, newest first, and takes only limit and fields beside it', async () => {
  const found: Json[] = []
  const headers = it_.auth()
  let path: string | undefined = `${it_.of()}/admin/api/2026-10/orders.json?status=any&limit=100&fields=id,name`
  let link = ''
  for (; path; path = /<([^>]+)>; rel="next"/.exec(link)?.[1]) {
    it_.pass(500)
    const answer = await it_.get(path, headers)
    found.push(...answer.json().orders)
    link = answer.headers.get('link') ?? ''
    if (found.length === 100) {
      const mixed = await it_.get(`${/<([^>]+)>/.exec(link)?.[1]}&status=any`, headers)
      expect([mixed.status, mixed.json().errors]).toEqual([400, 'status cannot be passed when page_info is present.'])
    }
  }
  expect(idsOf(found)).toEqual(
    it_
      .sold()
      .map(({ id }) => id)
      .reverse(),
  )
  expect(Object.keys(found[0])).toEqual(['id', 'name'])
})

test('without status=any only open orders are listed and counted', async () => {
  const open = it_.sold().filter(({ shippedAt, cancelledAt }) => shippedAt === null && cancelledAt === null)
  expect((await get('/orders/count.json')).json().count).toBe(open.length)
  expect((await get('/orders.json?limit=250')).json().orders).toHaveLength(open.length)
  expect((await get('/orders/count.json?status=any')).json().count).toBe(300)
  const from = new Date((END - 100 * 86_400) * 1000).toISOString()
  const recent = it_.sold().filter(({ updatedAt }) => updatedAt >= END - 100 * 86_400)
  expect((await get(`/orders/count.json?status=any&updated_at_min=${from}`)).json().count).toBe(recent.length)
})

test('products, customers, transactions, the shop and the scopes', async () => {
  const { products } = (await get('/products.json?limit=250&since_id=0')).json()
  expect(products.map(({ admin_graphql_api_id: id }: Json) => id)).toEqual(it_.shopify.truth.products(it_.user).map(({ id }) => id))
  const { customers } = (await get('/customers.json?limit=250&since_id=0')).json()
  expect(customers).toHaveLength(Math.min(250, it_.shopify.truth.customers(it_.user).length))
  const sale = it_.sold().find(({ refunds, paidAt }) => paidAt !== null && refunds.length > 0 && refunds[0]?.amount)
  const { transactions } = (await get(`/orders/${sale?.id}/transactions.json`)).json()
  expect(transactions.map(({ kind }: Json) => kind)).toEqual(['sale', 'refund'])
  expect((await get('/shop.json')).json().shop).toMatchObject({ currency: 'USD', myshopify_domain: 'shopify-shop-0.myshopify.com' })
  const scopes = await it_.get(`${it_.of()}/admin/oauth/access_scopes.json`, it_.auth(it_.token(it_.user, ['read_orders'])))
  expect(scopes.json()).toEqual({ access_scopes: [{ handle: 'read_orders' }] })
})

test('40 calls, of which two come back a second; one more is refused until then', async () => {
  const headers = it_.auth()
  const call = () => it_.get(`${it_.of()}/admin/api/2026-10/shop.json`, headers)
  const first = await call()
  expect(first.headers.get('x-shopify-shop-api-call-limit')).toBe('1/40')
  for (let n = 1; n < 40; n++) expect((await call()).status).toBe(200)
  const refused = await call()
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2.0'])
  expect(it_.sandbox.violations().byKind).toEqual({ 'shopify-rest': 1 })
  it_.pass(2000)
  expect((await call()).headers.get('x-shopify-shop-api-call-limit')).toBe('37/40')
  expect(it_.sandbox.limits['shopify.rest']).toEqual({ requests: 40, perMs: 20_000 })
})

test('what is missing, denied or wrong', async () => {
  const narrow = it_.auth(it_.token(it_.user, ['read_products']))
  expect((await get('/orders.json', narrow)).status).toBe(403)
  const recent = it_.auth(it_.token(it_.user, ['read_orders']))
  expect((await get(`/orders/${it_.sold()[0]?.id}.json`, recent)).status).toBe(404)
  expect((await get('/orders/count.json?status=any', recent)).json().count).toBe(
    it_.sold().filter(({ createdAt }) => createdAt >= END - 60 * 86_400).length,
  )
  for (const path of ['/orders.json?limit=251', '/orders.json?updated_at_min=never', '/orders.json?page_info=x'])
    expect([path, (await get(path)).status]).toEqual([path, 400])
  expect((await get('/things.json')).status).toBe(404)
  expect((await it_.get(`${it_.of()}/admin/api/2026-10/orders.json`)).status).toBe(401)
})
