import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildSchema, type GraphQLField, type GraphQLSchema, isEnumType, isInterfaceType, isObjectType } from 'graphql'
import type { User } from '../../backend/sandbox/commerce/people'
import { totalOf } from '../../backend/sandbox/commerce/sales'
import { signatureOf } from '../../backend/sandbox/commerce/shopify-access'
import { SHOPIFY_SCHEMA } from '../../backend/sandbox/commerce/shopify-schema'
import { type Json, stillShopify } from '../support/shopify-sandbox'

let it_: Awaited<ReturnType<typeof stillShopify>>
beforeAll(async () => {
  it_ = await stillShopify()
})
afterAll(() => it_.sandbox.close())
afterEach(() => it_.sandbox.reset())

const DAY = 86_400
const END = Date.UTC(2026, 5, 30) / 1000
const timeText = (at: number) => new Date(at * 1000).toISOString().replace('.000Z', 'Z')

/** Every object of a list, page by page. */
async function all(list: string, fields: string, size = 50, headers = it_.auth()): Promise<Json[]> {
  const query = `query($n: Int!, $after: String) { ${list.replace(')', ', first: $n, after: $after)')} { pageInfo { hasNextPage endCursor } nodes { ${fields} } } }`
  const found: Json[] = []
  for (let after = null; ; ) {
    it_.pass(60_000)
    const [page] = Object.values(await it_.data(query, { n: size, after }, headers)) as Json[]
    found.push(...page.nodes)
    if (!page.pageInfo.hasNextPage) return found
    after = page.pageInfo.endCursor
  }
}

describe('the published schema', () => {
  const published = buildSchema(readFileSync(join(__dirname, '../fixtures/commerce/shopify-schema.graphql'), 'utf8'))
  const shapeOf = ({ name, type, args }: GraphQLField<unknown, unknown>) => ({
    name,
    type: String(type),
    args: args.map((one) => `${one.name}: ${one.type} = ${one.defaultValue}`).sort(),
  })
  const fieldsOf = (schema: GraphQLSchema, name: string) => {
    const type = schema.getType(name)
    return isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : []
  }

  test('has every type, field, argument and nullability of ours', () => {
    const names = Object.keys(SHOPIFY_SCHEMA.getTypeMap()).filter((name) => !name.startsWith('__'))
    expect(names.length).toBeGreaterThan(60)
    for (const name of names) {
      const [ours, theirs] = [SHOPIFY_SCHEMA.getType(name), published.getType(name)]
      expect({ name, kind: theirs?.constructor.name }).toEqual({ name, kind: ours?.constructor.name })
      const known = new Map(fieldsOf(published, name).map((field) => [field.name, shapeOf(field)]))
      for (const field of fieldsOf(SHOPIFY_SCHEMA, name))
        expect({ owner: name, ...shapeOf(field) }).toEqual({ owner: name, ...known.get(field.name) })
      if (isEnumType(ours) && isEnumType(theirs)) {
        const values = theirs.getValues().map((value) => value.name)
        expect({ name, values }).toEqual({ name, values: expect.arrayContaining(ours.getValues().map((value) => value.name)) })
      }
    }
  })
})

describe('orders, products and customers', () => {
  const MONEY = '{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }'
  const ORDER = `__typename id legacyResourceId name number createdAt updatedAt processedAt cancelledAt cancelReason closedAt test currencyCode
    presentmentCurrencyCode displayFinancialStatus displayFulfillmentStatus sourceName sourceIdentifier tags phone
    taxesIncluded subtotalLineItemsQuantity totalPriceSet ${MONEY} subtotalPriceSet ${MONEY} totalTaxSet ${MONEY}
    totalShippingPriceSet ${MONEY} totalDiscountsSet ${MONEY} totalRefundedSet ${MONEY} currentTotalPriceSet ${MONEY}
    netPaymentSet ${MONEY} customAttributes { key value }`

  test('the pages of all orders are the truth', async () => {
    const truth = it_.shopify.truth.orders(it_.user)
    const found = await all('orders(sortKey: ID)', ORDER, 20)
    expect(found).toHaveLength(300)
    for (const [n, order] of found.entries()) expect(truth[n]).toMatchObject(order)
    const { amount } = found[0].totalPriceSet.shopMoney
    expect(Number(amount)).toBe(totalOf(it_.sold()[0] as never) / 100)
    expect(found.some(({ totalPriceSet }) => /\.\d$/.test(totalPriceSet.shopMoney.amount))).toBe(true)
  })

  test('a window of updates is found, oldest first, whatever else is in the search', async () => {
    const [from, to] = [END - 400 * DAY, END - 300 * DAY]
    const search = `updated_at:>='${timeText(from)}' AND updated_at:<'${timeText(to)}' status:any`
    const found = await all(`orders(sortKey: UPDATED_AT, query: "${search}")`, 'legacyResourceId updatedAt', 7)
    const expected = it_.sold().filter(({ updatedAt }) => updatedAt >= from && updatedAt < to)
    expect(found.map(({ updatedAt }) => updatedAt)).toEqual(expected.map(({ updatedAt }) => timeText(updatedAt)).sort())
    expect(new Set(found.map(({ legacyResourceId }) => legacyResourceId)).size).toBe(expected.length)
    const newest = await it_.data('{ orders(first: 1, reverse: true, sortKey: ID, query: "status:any") { nodes { name } } }')
    expect(newest.orders.nodes).toEqual([{ name: it_.sold().at(-1)?.name }])
    const id = it_.sold()[5]?.id
    expect((await it_.data(`{ orders(first: 9, query: "id:${id}") { nodes { legacyResourceId } } }`)).orders.nodes).toEqual([
      { legacyResourceId: String(id) },
    ])
  })

  test('an order that moves while pages are read is not missed, and none comes twice by place', async () => {
    const query =
      'query($after: String) { orders(first: 100, after: $after, sortKey: UPDATED_AT) { pageInfo { endCursor } nodes { id updatedAt } } }'
    const first = (await it_.data(query)).orders
    const moved = it_.sold().find(({ id }) => `gid://shopify/Order/${id}` === first.nodes[50].id)
    it_.world.refund(it_.user, 'shopify', moved?.id as number)
    const second = (await it_.data(query, { after: first.pageInfo.endCursor })).orders
    expect(second.nodes[0].updatedAt >= first.nodes.at(-1).updatedAt).toBe(true)
    expect(second.nodes.map(({ id }: Json) => id)).not.toContain(first.nodes.at(-1).id)
  })

  test('260 refunded lines are read by pages of their refund', async () => {
    const large = it_.sold()[7]
    const order = (
      await it_.data('query($id: ID!) { order(id: $id) { subtotalLineItemsQuantity refunds { id } } }', {
        id: `gid://shopify/Order/${large?.id}`,
      })
    ).order
    expect(order.subtotalLineItemsQuantity).toBe(300)
    const lines = []
    for (let after = null; ; ) {
      const { node } = await it_.data(
        `query($id: ID!, $after: String) { node(id: $id) { id ... on Refund { refundLineItems(first: 100, after: $after) {
          pageInfo { hasNextPage endCursor } nodes { id quantity lineItem { id } subtotalSet { shopMoney { amount } } } } } } }`,
        { id: order.refunds[0].id, after },
      )
      lines.push(...node.refundLineItems.nodes)
      if (!node.refundLineItems.pageInfo.hasNextPage) break
      after = node.refundLineItems.pageInfo.endCursor
    }
    expect([lines.length, new Set(lines.map(({ id }) => id)).size]).toEqual([260, 260])
  })

  test('products have variants with the price and cost of one piece', async () => {
    const found = await all(
      'products(sortKey: ID)',
      'id legacyResourceId title status variants(first: 10) { nodes { id sku price inventoryQuantity inventoryItem { tracked unitCost { amount currencyCode } } } }',
      25,
    )
    const truth = it_.shopify.truth.products(it_.user) as Json[]
    expect(found.map(({ id, status }) => [id, status])).toEqual(truth.map(({ id, status }) => [id, status]))
    expect(found[0].variants.nodes).toHaveLength(truth[0].variants.length)
    expect(new Set(found.map(({ status }) => status))).toEqual(new Set(['ACTIVE', 'ARCHIVED', 'DRAFT']))
    expect(found[0].variants.nodes[0]).toMatchObject({
      price: expect.stringMatching(/^\d+\.\d\d$/),
      inventoryItem: { unitCost: { currencyCode: 'USD' } },
    })
  })

  test('a search of customers by update matches whole days, other times do not', async () => {
    const found = await all('customers(sortKey: ID)', 'id legacyResourceId firstName numberOfOrders amountSpent { amount } updatedAt', 50)
    const truth = it_.shopify.truth.customers(it_.user)
    for (const [n, customer] of found.entries()) expect(truth[n]).toMatchObject(customer)
    expect(found.reduce((sum, { numberOfOrders }) => sum + Number(numberOfOrders), 0)).toBe(300)
    const { updatedAt } = found[20]
    const noon = `${updatedAt.slice(0, 10)}T23:59:59Z`
    const since = async (list: string) =>
      (await it_.data(`{ ${list}(first: 250, sortKey: UPDATED_AT, query: "updated_at:>'${noon}'") { nodes { updatedAt } } }`))[list].nodes
    expect((await since('customers')).map((one: Json) => one.updatedAt)).toContain(updatedAt)
    for (const one of await since('orders')) expect(one.updatedAt > noon).toBe(true)
  })

  test('ids of other types and unknown ones are null, those that are none an error', async () => {
    const data = await it_.data(
      '{ order(id: "gid://shopify/Order/1") { id } product(id: "gid://shopify/Order/1") { id } node(id: "gid://shopify/Thing/1") { id } nodes(ids: ["gid://shopify/Refund/1"]) { id } }',
    )
    expect(data).toEqual({ order: null, product: null, node: null, nodes: [null] })
    expect((await it_.ask('{ order(id: "1001") { id } }')).json().errors[0].message).toBe("Invalid global id '1001'")
  })

  test('what is no search, and pages without a size or too large, are errors', async () => {
    const message = async (query: string) => (await it_.ask(query)).json().errors[0].message
    expect(await message('{ orders(first: 1, query: "updated_at:>") { nodes { id } } }')).toMatch('Invalid search query')
    expect(await message('{ orders { nodes { id } } }')).toBe('you must provide one of first or last')
    expect(await message('{ orders(first: 251) { nodes { id } } }')).toBe('First cannot exceed 250')
    expect(await message('{ orders(first: 1, after: "x") { nodes { id } } }')).toMatch('Invalid cursor')
    expect(await message('{ orders(first: 1) { nodes { nothing } } }')).toMatch('Cannot query field "nothing"')
    expect(await message('{ orders(')).toMatch('Syntax Error')
  })
})

describe('counts', () => {
  const COUNTS = 'query($q: String, $n: Int) { ordersCount(query: $q, limit: $n) { count precision } }'
  test('are exact up to their limit, and to 25,000 without one', async () => {
    const count = async (variables: object) => (await it_.data(COUNTS, variables)).ordersCount
    expect(await count({ n: null })).toEqual({ count: 300, precision: 'EXACT' })
    expect(await count({ n: 100 })).toEqual({ count: 100, precision: 'AT_LEAST' })
    expect(await count({ n: null, q: `created_at:<'${timeText(it_.sold()[10]?.createdAt as number)}'` })).toEqual({
      count: 10,
      precision: 'EXACT',
    })
    const at = it_.world.now()
    for (let n = 0; n < 25_000; n++) it_.world.add(it_.user, 'shopify', { at })
    expect(await count({ n: null })).toEqual({ count: 25_001, precision: 'AT_LEAST' })
  })
})

describe('cost', () => {
  test('a query costs its objects, takes what it asked for and gets back what it did not use', async () => {
    const { extensions } = (
      await it_.ask('{ orders(first: 10, query: "id:1") { nodes { id lineItems(first: 5) { nodes { id } } } } }')
    ).json()
    expect(extensions.cost).toEqual({
      requestedQueryCost: 2 + 10 * (1 + 2 + 5),
      actualQueryCost: 2,
      throttleStatus: { maximumAvailable: 2000, currentlyAvailable: 1998, restoreRate: 100 },
    })
    const edges = (await it_.ask('{ orders(first: 10) { edges { node { id customer { id } } } } }')).json()
    expect([edges.extensions.cost.requestedQueryCost, edges.extensions.cost.actualQueryCost]).toEqual([22, 22])
    expect((await it_.ask('{ shop { name plan { publicDisplayName } } }')).json().extensions.cost.actualQueryCost).toBe(2)
  })

  test('one that costs more than 1,000 points is refused, one that finds too few is throttled until they are back', async () => {
    const query = '{ orders(first: 100) { nodes { id lineItems(first: 6) { nodes { id } } } } }'
    const large = (await it_.ask('{ orders(first: 250) { nodes { lineItems(first: 5) { nodes { id } } } } }')).json()
    expect(large.errors[0].extensions).toEqual({ code: 'MAX_COST_EXCEEDED', cost: 2002, maxCost: 1000 })
    const headers = it_.auth()
    let last: Json
    for (let n = 0; n < 9; n++) last = (await it_.ask(query, {}, headers)).json()
    expect(last).toEqual({
      errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }],
      extensions: {
        cost: { requestedQueryCost: 902, actualQueryCost: null, throttleStatus: expect.objectContaining({ restoreRate: 100 }) },
      },
    })
    const { currentlyAvailable } = last.extensions.cost.throttleStatus
    it_.pass(1000)
    await it_.ask(query, {}, headers)
    expect(it_.sandbox.violations().byKind).toEqual({ 'shopify-while-throttled': 1 })
    it_.pass(((902 - currentlyAvailable) / 100) * 1000)
    expect((await it_.ask(query, {}, headers)).json().errors).toBeUndefined()
    const other = it_.world.users[1] as User
    const answer = await it_.post(`${it_.of(other)}/admin/api/2026-10/graphql.json`, JSON.stringify({ query }), it_.auth(it_.token(other)))
    expect(answer.json().extensions.cost.throttleStatus.maximumAvailable).toBe(2000)
  })
})

describe('who may ask', () => {
  test('the token is the shop’s and alive', async () => {
    const status = async (headers: Record<string, string>) => (await it_.ask('{ shop { id } }', {}, headers)).status
    expect([await status({}), await status(it_.auth('wrong')), await status(it_.auth(it_.token(it_.world.users[1])))]).toEqual([
      401, 401, 401,
    ])
    const headers = it_.auth()
    expect(await status(headers)).toBe(200)
    it_.pass(3600 * 1000)
    expect(await status(headers)).toBe(401)
    const endless = it_.auth(it_.shopify.access.grant(it_.user, { expires: false }).access_token)
    it_.pass(400 * DAY * 1000)
    expect(await status(endless)).toBe(200)
    expect((await it_.get(`${it_.of().replace('shop-0', 'shop-9')}/admin/oauth/authorize`)).status).toBe(404)
  })

  test('a field whose scope is missing is denied, and the scopes are told', async () => {
    const headers = it_.auth(it_.token(it_.user, ['read_products']))
    const { data, errors } = (await it_.ask('{ productsCount { count } ordersCount { count } }', {}, headers)).json()
    expect([data.productsCount.count, data.ordersCount]).toEqual([40, null])
    expect(errors[0]).toMatchObject({
      message: 'Access denied for ordersCount field. Required access: `read_orders` access scope.',
      path: ['ordersCount'],
      extensions: { code: 'ACCESS_DENIED' },
    })
    expect(await it_.data('{ currentAppInstallation { accessScopes { handle } } }', {}, headers)).toEqual({
      currentAppInstallation: { accessScopes: [{ handle: 'read_products' }] },
    })
  })

  test('without read_all_orders only the last 60 days are there', async () => {
    const headers = it_.auth(it_.token(it_.user, ['read_orders']))
    const recent = it_.sold().filter(({ createdAt }) => createdAt >= END - 60 * DAY)
    const found = await all('orders(sortKey: ID)', 'legacyResourceId', 100, headers)
    expect(found.map(({ legacyResourceId }) => Number(legacyResourceId))).toEqual(recent.map(({ id }) => id))
    expect((await it_.data('{ ordersCount { count } }', {}, headers)).ordersCount.count).toBe(recent.length)
    expect((await it_.data(`{ order(id: "gid://shopify/Order/${it_.sold()[0]?.id}") { id } }`, {}, headers)).order).toBeNull()
  })

  test('the version that answered is told: one that is no longer supported falls forward', async () => {
    const version = async (asked: string) => (await it_.ask('{ shop { id } }', {}, it_.auth(), asked)).headers.get('x-shopify-api-version')
    expect([await version('2026-10'), await version('2026-01'), await version('2025-04')]).toEqual(['2026-10', '2026-01', '2026-01'])
  })
})

describe('OAuth', () => {
  const form = (fields: Record<string, string>, shop = it_.of()) =>
    it_.post(
      `${shop}/admin/oauth/access_token`,
      new URLSearchParams({ client_id: 'sandbox-client-id', client_secret: 'sandbox-client-secret', ...fields }).toString(),
      {
        'content-type': 'application/x-www-form-urlencoded',
      },
    )
  async function connect(scope = 'read_orders,read_products') {
    const query = new URLSearchParams({
      client_id: 'sandbox-client-id',
      redirect_uri: 'http://127.0.0.1:9/callback',
      scope,
      state: 'some state',
    })
    const answer = await it_.get(`${it_.of()}/admin/oauth/authorize?${query}`)
    return new URL(answer.headers.get('location') as string).searchParams
  }
  const alive = async (token: string) => (await it_.ask('{ shop { id } }', {}, it_.auth(token))).status === 200

  test('the callback is signed, and its code is good once', async () => {
    const callback = await connect()
    expect(callback.get('state')).toBe('some state')
    expect(callback.get('shop')).toBe('shopify-shop-0.myshopify.com')
    expect(callback.get('hmac')).toBe(signatureOf(callback))
    const code = callback.get('code') as string
    const tokens = (await form({ code, expiring: '1' })).json()
    expect(tokens).toEqual({
      access_token: expect.stringMatching(/^shpat_/),
      scope: 'read_orders,read_products',
      expires_in: 3600,
      refresh_token: expect.stringMatching(/^shprt_/),
      refresh_token_expires_in: 90 * DAY,
    })
    expect(await alive(tokens.access_token)).toBe(true)
    expect((await form({ code })).status).toBe(400)
    const again = (await connect()).get('code') as string
    expect((await form({ code: again }, it_.of(it_.world.users[1]))).json().error).toBe('invalid_grant')
    const endless = (await form({ code: (await connect()).get('code') as string })).json()
    expect(endless).toEqual({ access_token: expect.any(String), scope: 'read_orders,read_products' })
    expect((await form({ client_secret: 'wrong', code: '1' })).json().error).toBe('invalid_client')
  })

  test('a shop may withhold a scope', async () => {
    it_.shopify.access.withhold(it_.user, ['read_all_orders'])
    const code = (await connect('read_orders,read_all_orders')).get('code') as string
    expect((await form({ code })).json().scope).toBe('read_orders')
  })

  test('an old refresh token lives until its successor is used', async () => {
    const first = it_.shopify.access.grant(it_.user)
    const refresh = (token: string) => form({ grant_type: 'refresh_token', refresh_token: token })
    const second = (await refresh(first.refresh_token as string)).json()
    const third = (await refresh(first.refresh_token as string)).json()
    expect(third.refresh_token).not.toBe(second.refresh_token)
    expect(await alive(second.access_token)).toBe(true)
    const late = await refresh(first.refresh_token as string)
    expect([late.status, late.json().error]).toEqual([400, 'invalid_grant'])
    expect(it_.sandbox.violations().byKind).toEqual({ 'shopify-refresh-again': 1 })
    expect((await refresh(third.refresh_token)).status).toBe(200)
    it_.shopify.access.revoke(it_.user)
    expect([await alive(second.access_token), (await refresh(second.refresh_token)).status]).toEqual([false, 400])
  })

  test('an app of the shop’s own gets a token of a day', async () => {
    const tokens = (await form({ grant_type: 'client_credentials' })).json()
    expect(tokens).toEqual({ access_token: expect.any(String), scope: expect.stringContaining('read_all_orders'), expires_in: 86_399 })
    expect(await alive(tokens.access_token)).toBe(true)
  })
})

test('the address is a template that the product fills with the shop', () => {
  expect(it_.sandbox.urls.SHOPIFY_URL).toBe(`${it_.sandbox.url}/shopify/{shop}`)
  expect(it_.sandbox.urls).toMatchObject({ SHOPIFY_CLIENT_ID: 'sandbox-client-id', SHOPIFY_CLIENT_SECRET: 'sandbox-client-secret' })
  expect(it_.sandbox.limits['shopify.graphql']).toEqual({ requests: 2000, perMs: 20_000 })
})
