import { type Json, stillShopify } from '../support/shopify-sandbox'

let it_: Awaited<ReturnType<typeof stillShopify>>
beforeAll(async () => {
  it_ = await stillShopify()
})
afterAll(() => it_.sandbox.close())
afterEach(() => it_.sandbox.reset())

const MONEY = '{ shopMoney { amount currencyCode } }'
const ORDERS = `{ orders(query: "status:any", sortKey: UPDATED_AT) { edges { node { __typename id legacyResourceId updatedAt note totalPriceSet ${MONEY}
  customer { id } refunds { id totalRefundedSet ${MONEY} } lineItems { edges { node { __typename id quantity product { id } } } } } } } }`
const RUN = `mutation Run($query: String!, $group: Boolean! = false) { bulkOperationRunQuery(query: $query, groupObjects: $group) {
  bulkOperation { id status createdAt } userErrors { code field message } } }`
const POLL = `query Poll($id: ID!) { bulkOperation(id: $id) { id type status errorCode createdAt completedAt objectCount rootObjectCount fileSize url
  partialDataUrl query } }`
const HOUR = 3_600_000

type Started = { bulkOperation: { id: string; status: string } | null; userErrors: { code: string; message: string }[] }
const run = async (query = ORDERS, group = false, headers = it_.auth()): Promise<Started> =>
  (await it_.data(RUN, { query, group }, headers)).bulkOperationRunQuery
const poll = async (id: string): Promise<Json> => (await it_.data(POLL, { id })).bulkOperation
/** The operation of a query when it has ended. */
async function ended(query?: string, group?: boolean): Promise<Json> {
  const { bulkOperation } = await run(query, group)
  it_.pass(HOUR / 2)
  return poll(bulkOperation?.id as string)
}
const file = (url: string, range?: string) => it_.get(url, range === undefined ? {} : { range, 'accept-encoding': 'identity' })
async function linesOf(url: string): Promise<Json[]> {
  const { text } = await file(url)
  expect(text.endsWith('\n')).toBe(true)
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}
const of = (lines: Json[], type: string) => lines.filter(({ __typename }) => __typename === type)

describe('an operation', () => {
  test('is created, runs with a count that grows, and ends with a file whose lines are its counts', async () => {
    const { bulkOperation: started, userErrors } = await run()
    expect([started?.status, userErrors]).toEqual(['CREATED', []])
    const id = started?.id as string
    expect(await poll(id)).toMatchObject({ status: 'CREATED', objectCount: '0', url: null, type: 'QUERY', query: ORDERS })
    it_.pass(1100)
    const running = await poll(id)
    expect(running).toMatchObject({ status: 'RUNNING', completedAt: null, fileSize: null, url: null })
    it_.pass(60_000)
    const done = await poll(id)
    expect(done).toMatchObject({ status: 'COMPLETED', errorCode: null, partialDataUrl: null, rootObjectCount: '300' })
    expect(Number(running.objectCount)).toBeGreaterThan(0)
    expect(Number(running.objectCount)).toBeLessThan(Number(done.objectCount))
    const lines = await linesOf(done.url)
    expect([String(lines.length), String(of(lines, 'Order').length)]).toEqual([done.objectCount, done.rootObjectCount])
    expect(Buffer.byteLength((await file(done.url)).text)).toBe(Number(done.fileSize))
  })

  test('its lines, joined by their parents, are what the pages answer', async () => {
    const lines = await linesOf((await ended()).url)
    const query = ORDERS.replace('{ orders(', 'query($after: String) { orders(first: 20, after: $after, ')
      .replace('{ edges { node { __typename id legacy', '{ pageInfo { hasNextPage endCursor } edges { node { __typename id legacy')
      .replace('lineItems {', 'lineItems(first: 20) {')
    const children = new Map<string, Json[]>()
    for (const { __parentId, ...line } of of(lines, 'LineItem')) children.set(__parentId, [...(children.get(__parentId) ?? []), line])
    const joined = new Map(of(lines, 'Order').map((order) => [order.id, order]))
    for (let after = null; ; ) {
      it_.pass(60_000)
      const { orders } = await it_.data(query, { after })
      for (const { node } of orders.edges) {
        const { lineItems, ...order } = node
        expect(joined.get(order.id)).toEqual(order)
        const own = lineItems.edges.map((edge: Json) => edge.node)
        const found = [...(children.get(order.id) ?? [])].sort((a, b) => (a.id < b.id ? -1 : 1))
        expect(found.slice(0, 20)).toEqual(own)
      }
      if (!orders.pageInfo.hasNextPage) break
      after = orders.pageInfo.endCursor
    }
  })

  test('children stand before and after their parents, or under them where that was asked for', async () => {
    const places = (lines: Json[]) => {
      const at = new Map(lines.map(({ id }, n) => [id, n]))
      return of(lines, 'LineItem').map(({ id, __parentId }) => (at.get(id) as number) - (at.get(__parentId) as number))
    }
    const loose = places(await linesOf((await ended()).url))
    expect([Math.min(...loose) < 0, Math.max(...loose) > 100]).toEqual([true, true])
    const grouped = await linesOf((await ended(ORDERS, true)).url)
    let parent = ''
    for (const { __typename, id, __parentId } of grouped) {
      if (__typename === 'Order') parent = id
      else expect(__parentId).toBe(parent)
    }
  })

  test('of products and customers, and of nothing: without a file', async () => {
    const products = await linesOf(
      (
        await ended(
          '{ products { edges { node { __typename id variants { nodes { __typename id price inventoryItem { id unitCost { amount } } } } } } } }',
        )
      ).url,
    )
    const truth = it_.shopify.truth.products(it_.user) as Json[]
    expect(of(products, 'ProductVariant')).toHaveLength(truth.reduce((sum, { variants }) => sum + variants.length, 0))
    const customers = await linesOf((await ended('{ customers(query: "updated_at:>=2020-01-01") { edges { node { id state } } } }')).url)
    expect(customers).toHaveLength(it_.shopify.truth.customers(it_.user).length)
    const none = await ended('{ orders(query: "id:1") { edges { node { id } } } }')
    expect(none).toMatchObject({ status: 'COMPLETED', objectCount: '0', rootObjectCount: '0', fileSize: null, url: null })
  })

  test('five run at once; a sixth is refused, and a cancelled one makes room', async () => {
    const ids = []
    for (let n = 0; n < 5; n++) ids.push((await run()).bulkOperation?.id)
    expect((await run()).userErrors).toEqual([expect.objectContaining({ code: 'LIMIT_REACHED' })])
    const cancel = (id: unknown) =>
      it_.data('mutation($id: ID!) { bulkOperationCancel(id: $id) { bulkOperation { status } userErrors { field message } } }', { id })
    it_.pass(1050)
    expect((await cancel(ids[0])).bulkOperationCancel).toEqual({ bulkOperation: { status: 'CANCELING' }, userErrors: [] })
    const cancelled = await poll(ids[0] as string)
    expect(cancelled).toMatchObject({ status: 'CANCELED', url: null, partialDataUrl: expect.any(String) })
    expect((await cancel(ids[0])).bulkOperationCancel.userErrors).toHaveLength(1)
    expect((await run()).userErrors).toEqual([])
  })

  test('is found again by its state, newest first', async () => {
    const first = (await run()).bulkOperation?.id
    it_.pass(HOUR)
    const second = (await run('{ orders { edges { node { id } } } }')).bulkOperation?.id
    const find = async (query: string) =>
      (
        await it_.data('query($q: String) { bulkOperations(first: 10, reverse: true, query: $q) { nodes { id } } }', { q: query })
      ).bulkOperations.nodes.map(({ id }: Json) => id)
    expect(await find('operation_type:query')).toEqual([second, first])
    expect(await find('operation_type:query status:created')).toEqual([second])
    expect(await find('operation_type:query status:completed')).toEqual([first])
    expect(await find('operation_type:mutation')).toEqual([])
  })

  test('is no other shop’s, and the file needs its signature, for seven days', async () => {
    const { id, url } = await ended()
    const other = it_.auth(it_.token(it_.world.users[1]))
    const answer = await it_.post(
      `${it_.of(it_.world.users[1])}/admin/api/2026-10/graphql.json`,
      JSON.stringify({ query: POLL, variables: { id } }),
      other,
    )
    expect(answer.json().data.bulkOperation).toBeNull()
    expect((await file(url.replace('signature=', 'signature=x'))).status).toBe(403)
    it_.pass(7 * 24 * HOUR)
    expect((await file(url)).status).toBe(403)
  })
})

describe('queries that no operation takes', () => {
  const orders = (selection: string) => `{ orders { edges { node { ${selection} } } } }`
  test.each([
    ['{ shop { id } }', 'exactly one connection'],
    ['{ orders { edges { node { id } } } products { edges { node { id } } } }', 'exactly one connection'],
    [orders('nothing'), 'Cannot query field "nothing"'],
    ['{ orders(', 'Syntax Error'],
    [orders('id refunds { id refundLineItems { edges { node { id } } } }'), 'connection field within a list field'],
    [orders('name lineItems { edges { node { id } } }'), "must select the 'id' field"],
    [orders('id lineItems { edges { node { id product { id variants { edges { node { id } } } } } } }'), 'nesting depth greater than 2'],
    [
      orders(['a', 'b', 'c', 'd', 'e'].map((name) => `id ${name}: lineItems { edges { node { id } } }`).join(' ')),
      'more than 5 connections',
    ],
    ['{ orders(query: "updated_at:>") { edges { node { id } } } }', 'Invalid search query'],
  ])('%s', async (query, message) => {
    const { bulkOperation, userErrors } = await run(query)
    expect([bulkOperation, userErrors[0]?.code]).toEqual([null, 'INVALID'])
    expect(userErrors[0]?.message).toContain(message)
  })
})

describe('ranges', () => {
  test('a part of the file has its place; past the end is 416', async () => {
    const { url, fileSize } = await ended()
    const whole = Buffer.from((await file(url)).text)
    const size = Number(fileSize)
    const parts: string[] = []
    for (let from = 0; from < size; from += 10_000) {
      const part = await file(url, `bytes=${from}-${from + 9999}`)
      const to = Math.min(size, from + 10_000)
      expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes ${from}-${to - 1}/${size}`])
      expect(part.headers.get('content-length')).toBe(String(to - from))
      parts.push(part.text)
    }
    expect(parts.join('')).toBe(whole.toString())
    expect((await file(url, `bytes=${size - 5}-`)).text).toBe(whole.subarray(-5).toString())
    const past = await file(url, `bytes=${size}-${size + 5}`)
    expect([past.status, past.headers.get('content-range')]).toEqual([416, `bytes */${size}`])
    expect(it_.sandbox.violations().total).toBe(0)
  })

  test('a file may be of any size, and is kept packed', async () => {
    const large = await stillShopify({ shopifyNoteBytes: 50_000, ordersPerShop: 400 })
    try {
      const { id } = (await large.data(RUN, { query: ORDERS })).bulkOperationRunQuery.bulkOperation
      large.pass(HOUR / 2)
      const { fileSize, url } = (await large.data(POLL, { id })).bulkOperation
      expect(Number(fileSize)).toBeGreaterThan(20_000_000)
      const part = await large.get(url, { range: `bytes=19000000-19000099`, 'accept-encoding': 'identity' })
      expect([part.status, part.text.length]).toEqual([206, 100])
    } finally {
      await large.sandbox.close()
    }
  })
})

describe('faults', () => {
  const fault = (name: string, options: object = {}) => it_.sandbox.fault({ name, times: 1, ...options })

  test('an operation fails amid its objects, and its part comes two polls later, cut within a line', async () => {
    fault('shopify-bulk-fails', { share: 0.4 })
    const failed = await ended()
    expect(failed).toMatchObject({
      status: 'FAILED',
      errorCode: 'INTERNAL_SERVER_ERROR',
      rootObjectCount: '120',
      url: null,
      partialDataUrl: null,
    })
    expect((await poll(failed.id)).partialDataUrl).toBeNull()
    const { partialDataUrl } = await poll(failed.id)
    const lines = (await file(partialDataUrl)).text.split('\n')
    for (const line of lines.slice(0, -1)) JSON.parse(line)
    expect(() => JSON.parse(lines.at(-1) as string)).toThrow(SyntaxError)
    fault('shopify-bulk-fails', { errorCode: 'TIMEOUT', share: 0 })
    expect(await ended()).toMatchObject({ errorCode: 'TIMEOUT', objectCount: '0', partialDataUrl: null })
  })

  test('an operation without its scope is denied', async () => {
    const { bulkOperation } = await run(ORDERS, false, it_.auth(it_.token(it_.user, ['read_products'])))
    it_.pass(HOUR / 2)
    expect(await poll(bulkOperation?.id as string)).toMatchObject({ status: 'FAILED', errorCode: 'ACCESS_DENIED', partialDataUrl: null })
  })

  test('a line is missing, malformed or an orphan while the counts stay', async () => {
    const { objectCount, rootObjectCount } = await ended()
    const counts = { objectCount, rootObjectCount }
    fault('shopify-bulk-short')
    const short = await ended()
    expect(short).toMatchObject(counts)
    expect(await linesOf(short.url)).toHaveLength(Number(objectCount) - 1)
    fault('shopify-bulk-malformed')
    const malformed = (await file((await ended()).url)).text.trimEnd().split('\n')
    expect(malformed.filter((line) => !line.endsWith('}'))).toHaveLength(1)
    fault('shopify-bulk-cut')
    const cut = await ended()
    expect(cut).toMatchObject({ ...counts, status: 'COMPLETED' })
    const last = (await file(cut.url)).text.split('\n').at(-1) as string
    expect([last === '', last.endsWith('}')]).toEqual([false, false])
    fault('shopify-bulk-orphan')
    const orphans = (await linesOf((await ended()).url)).filter(({ __parentId }) => __parentId === 'gid://shopify/Order/1')
    expect(orphans).toHaveLength(1)
  })

  test('a file is cut, gone, at a foreign host, or its range is ignored', async () => {
    const { url, fileSize } = await ended()
    fault('shopify-file-cut')
    await expect(file(url, 'bytes=0-9999')).rejects.toThrow()
    fault('shopify-range-ignored')
    const ignored = await file(url, 'bytes=0-9999')
    expect([ignored.status, ignored.headers.get('content-length')]).toEqual([200, fileSize])
    fault('shopify-file-gone')
    expect((await file(url)).status).toBe(403)
    fault('shopify-bulk-foreign-host')
    expect((await ended()).url).toMatch(/^https:\/\/files\.example\//)
  })

  test('another operation is in progress; one is started although nobody hears of it', async () => {
    fault('shopify-bulk-busy')
    expect((await run()).userErrors).toEqual([
      { code: 'OPERATION_IN_PROGRESS', field: null, message: expect.stringContaining('already in progress') },
    ])
    fault('shopify-lost', { match: '#Run$' })
    await expect(run()).rejects.toThrow()
    expect((await it_.data('{ bulkOperations(first: 5) { nodes { status } } }')).bulkOperations.nodes).toEqual([{ status: 'CREATED' }])
  })
})
