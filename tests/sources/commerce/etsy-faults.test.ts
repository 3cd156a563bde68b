import * as jobs from '../../../backend/engine/jobs/verbs'
import { KEYSTRING, SHARED_SECRET } from '../../../backend/sandbox/commerce/etsy-access'
import type { Account } from '../../../backend/sources/commerce/store/accounts'
import { type EtsyWorld, etsyWorld } from '../../support/etsy-world'
import { until } from '../../support/until'

/* Etsy refuses, fails and answers oddly while shops are read. */

let world: EtsyWorld
let account: Account
beforeAll(async () => {
  world = await etsyWorld({ users: 2, ordersPerShop: 230, productsPerShop: 20 })
}, 120_000)
afterAll(() => world?.close())
beforeEach(async () => {
  await world.fresh()
  account = await world.connect()
}, 60_000)

type Entry = Record<string, unknown>
const json = <T>(value: T): T => JSON.parse(JSON.stringify(value))
const byId = (a: Entry, b: Entry) => Number(a.receipt_id) - Number(b.receipt_id)
const truthOf = (number: number) =>
  json(world.sandbox.commerce.etsy.truth.receipts(world.users[number] as EtsyWorld['users'][number])).sort(byId)
const orders = { entities: ['orders'] }
const fault = (name: string, more: object = {}) => world.sandbox.fault({ name, ...more })
const tasksOf = (job: string) =>
  world.suite.db.query<{ key: string; state: string; attempts: number; held: string | null; waits: string | null; due: number }>(
    `select key, state::text as state, attempts, held_by as held, waiting_on as waits, extract(epoch from due_at - now())::float8 as due
       from backhaul.tasks where job_id = $1 order by seq`,
    [job],
  )

test('case 4: revoked tokens hold the lane of their shop, another shop is read to its end, and reconnecting goes on at the cursor', async () => {
  const other = await world.connect(1, 'seller-0')
  world.sandbox.fault({ name: 'slow', ms: 300, match: `/shops/${account.shopId}/receipts` })
  const id = await world.start(orders)
  const requests = () =>
    world.sandbox.requests('etsy').filter(({ path, status }) => path.includes(`${account.shopId}/receipts`) && status === 200)
  await until(() => requests().length === 1, { what: 'the first page' })
  world.sandbox.commerce.etsy.access.revoke(0)
  const held = () => world.suite.db.query(`select 1 from backhaul.tasks where job_id = $1 and held_by is not null`, [id])
  await until(async () => (await held()).length === 1, { what: 'the lane to be held' })
  await until(async () => (await world.held('orders', other)).length === truthOf(1).length, { what: 'the other shop' })
  expect(await world.suite.status(id)).toBe('running')
  world.sandbox.clearFaults()
  const before = requests().length
  await world.connect()
  expect(await world.ended(id)).toMatchObject({ status: 'completed', verified: true })
  expect(await world.held('orders', account)).toEqual(truthOf(0))
  const pages = Math.ceil((truthOf(0).length - 1) / 99)
  // The pages that were left, and two of the sync.
  expect(requests().length).toBe(pages + 2)
  expect(before).toBeLessThan(pages)
}, 60_000)

test('case 5: refusals of the second and of the day use up no attempt', async () => {
  fault('etsy-second-429', { times: 3 })
  fault('etsy-day-429', { times: 1, after: 1, seconds: 3 })
  const report = await world.run(orders)
  expect(report).toMatchObject({ status: 'completed', verified: true, requests: { etsy: { throttled: 4 } } })
  expect((await tasksOf(report.job)).map(({ attempts }) => attempts)).toEqual((await tasksOf(report.job)).map(() => 0))
  expect(world.sandbox.violations().last).toEqual([])
}, 60_000)

test('pages that are cut, repeated or refused by a gateway end in the same rows', async () => {
  const html = { headers: { 'content-type': 'text/html' }, body: '<html>Bad Gateway</html>' }
  fault('truncated-json', { times: 1, after: 1, match: '/receipts' })
  fault('reset-connection', { times: 1, after: 2, match: '/receipts' })
  fault('status', { ...html, status: 502, times: 1, match: '/listings' })
  fault('status', { ...html, status: 401, times: 1, match: '/ledger-entries' })
  fault('etsy-cut-header')
  fault('etsy-title-case')
  const report = await world.run()
  expect(report).toMatchObject({ status: 'completed', verified: true, failures: [] })
  const held = (await world.held('orders', account)) as Entry[]
  expect(held.map(({ receipt_id: id }) => id)).toEqual(truthOf(0).map(({ receipt_id: id }) => id))
  const statuses = await world.suite.db.query<{ status: string }>('select distinct status from commerce.orders')
  for (const { status } of statuses) expect(status).toBe(status.toLowerCase())
}, 60_000)

test('odd entries are rejected with a reason, and the rest of their pages is stored', async () => {
  fault('etsy-no-transactions', { times: 1, match: '/receipts', entry: 3 })
  fault('etsy-no-currency', { times: 1, after: 1, match: '/receipts', entry: 5 })
  fault('etsy-bad-entry', { times: 1, match: '/listings' })
  const report = await world.run({ entities: ['orders', 'listings'] })
  expect(report).toMatchObject({
    status: 'completed',
    verified: false,
    rejectedBy: { no_transactions: 1, no_currency: 1, schema: 1 },
  })
  expect(report.unverified).toEqual({ '1 listings could not be read; listings that are gone were not marked': 1 })
}, 60_000)

test('a scope that is missing fails what needs it alone; the others are read', async () => {
  fault('etsy-403-scope', { match: '/listings' })
  const report = await world.run({ since: '2026-03-01' })
  expect(report).toMatchObject({ status: 'partial', failedBy: { missing_scope: 1, not_read: 1 } })
  const synced = await world.synced(report.job)
  expect([synced.orders?.status, synced.listings?.status, synced.payments?.status]).toEqual(['completed', 'failed', 'completed'])
  expect(synced.listings?.reason).toMatch(
    /did not allow it \(403: insufficient_scope: the token lacks listings_r\): connect the account again/,
  )
}, 60_000)

test('an answer outside the window that was asked for is not taken for one', async () => {
  const [first] = truthOf(0)
  const body = JSON.stringify({ count: 1, results: [{ ...first, created_timestamp: 1_000_000_000 }] })
  fault('status', { status: 200, times: 1, match: '/receipts', headers: { 'content-type': 'application/json' }, body })
  expect(await world.run(orders)).toMatchObject({ status: 'completed', verified: true })
  expect(await world.held('orders', account)).toEqual(truthOf(0))
}, 60_000)

test('a ledger window that Etsy calls too long is split, not retried', async () => {
  const body = '{"error":"Time window between min_created and max_created must be no more than 2678400 seconds (31 days)."}'
  fault('status', { status: 400, times: 2, match: '/ledger-entries\\?', headers: { 'content-type': 'application/json' }, body })
  const report = await world.run({ entities: ['payments'], since: '2026-03-01' })
  expect(report).toMatchObject({ status: 'completed', verified: true })
  const all = world.sandbox.commerce.etsy.truth.ledger(world.users[0] as EtsyWorld['users'][number])
  const wanted = all.filter(({ created_timestamp: at }) => at >= Date.UTC(2026, 2, 1) / 1000)
  expect(await world.held('payments', account)).toHaveLength(wanted.length)
}, 60_000)

test('a window of the ledger that does not add up fails alone; the others of its task are read, and a retry reads only it', async () => {
  fault('etsy-phantom', { times: 6, match: '/ledger-entries\\?' })
  const id = await world.start({ entities: ['payments'], since: '2026-03-01' })
  const report = await world.ended(id)
  expect(report).toMatchObject({
    status: 'partial',
    failedBy: { count_mismatch: 1, not_read: 1 },
    streams: { etsy_payments: { done: 1, failed: 1 } },
  })
  const from = Date.UTC(2026, 2, 1) / 1000
  const all = world.sandbox.commerce.etsy.truth.ledger(world.users[0] as EtsyWorld['users'][number])
  const wanted = all.filter(({ created_timestamp: at }) => at >= from)
  expect(await world.held('payments', account)).toHaveLength(wanted.length)
  world.asked()
  await jobs.retry(world.suite, id)
  expect(await world.ended(id)).toMatchObject({ status: 'completed', verified: true })
  // And one of the sync.
  expect(world.asked().ledger).toBe(2)
}, 60_000)

test('an offset that Etsy calls too large splits the window', async () => {
  const body = '{"error":"Offset provided is greater than the maximum offset allowed."}'
  fault('status', { status: 400, times: 1, match: '/receipts.*offset=198', headers: { 'content-type': 'application/json' }, body })
  expect(await world.run(orders)).toMatchObject({ status: 'completed', verified: true, streams: { etsy_orders: { done: 3 } } })
  expect(await world.held('orders', account)).toEqual(truthOf(0))
}, 60_000)

test('a list of payments that Etsy refuses is halved until it is answered', async () => {
  fault('status', {
    ...{ status: 400, match: 'ledger_entry_ids=.*(,|%2C)', headers: { 'content-type': 'application/json' } },
    body: '{"error":"Invalid value for ledger_entry_ids"}',
    times: 1,
  })
  const report = await world.run({ entities: ['orders', 'payments'], since: '2025-12-01' })
  expect(report).toMatchObject({ status: 'completed', notes: [] })
  const open = await world.suite.db.query(`select 1 from commerce.payments where reason in ('payment_not_read', 'transaction_not_read')`)
  expect(open).toEqual([])
}, 60_000)

test('no token and no part of the key is in logs, rows, gates or rejects', async () => {
  const tokens: string[] = []
  const grant = world.sandbox.commerce.etsy.access.grant.bind(world.sandbox.commerce.etsy.access)
  jest.spyOn(world.sandbox.commerce.etsy.access, 'grant').mockImplementation((...args) => {
    const made = grant(...args)
    tokens.push(made.access_token, made.refresh_token)
    return made
  })
  try {
    account = await world.connect()
    const echo = (text: string) => ({ status: 404, body: JSON.stringify({ error: text }), headers: { 'content-type': 'application/json' } })
    fault('status', { ...echo(`${tokens[0]} ${KEYSTRING}:${SHARED_SECRET}`), times: 1, match: '/listings' })
    expect(await world.run({ entities: ['listings'] })).toMatchObject({ status: 'failed' })
    world.sandbox.commerce.etsy.access.expire(0)
    expect(await world.run(orders)).toMatchObject({ status: 'completed' })
  } finally {
    jest.restoreAllMocks()
  }
  expect(tokens).toHaveLength(4)
  const secrets = [...tokens, KEYSTRING, SHARED_SECRET]
  const tables = await world.suite.db.query<{ name: string }>(
    `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
      where table_schema in ('backhaul', 'commerce') and table_type = 'BASE TABLE'`,
  )
  const shown: string[] = []
  for (const { name } of tables) {
    const found = await world.suite.db.query<{ row: string }>(
      `select left(t::text, 300) as row from ${name} t where exists (select 1 from unnest($1::text[]) s where position(s in t::text) > 0)`,
      [secrets],
    )
    shown.push(...found.map(({ row }) => `${name} ${row}`))
  }
  expect(shown).toEqual([])
  expect(world.logged.filter((line) => secrets.some((secret) => line.includes(secret)))).toEqual([])
  expect(world.logged.length).toBeGreaterThan(10)
}, 60_000)
