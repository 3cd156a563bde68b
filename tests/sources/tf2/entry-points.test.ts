import { flush } from '../../../backend/base/flush-counts'
import { requireCredentials } from '../../../backend/config/apis'
import { readConfig } from '../../../backend/config/config'
import { exposition } from '../../../backend/metrics/exposition'
import { createService } from '../../../backend/service/base/context'
import { tf2 } from '../../../backend/sources/tf2'
import { type Served, serve } from '../../support/api'
import { type GraphqlClient, graphqlClient } from '../../support/graphql-client'
import { type Tf2World, tf2World } from '../../support/tf2-world'

/* Listings by REST and GraphQL. */

const TOKEN = 'admin-token-of-this-test'
const BAT = { item_defindex: 190, item_quality_id: 11 }
let world: Tf2World
let served: Served
let graphql: GraphqlClient

beforeAll(async () => {
  world = await tf2World({ buys: 1, sells: 1 })
  served = await serve(world.suite, [tf2], { ADMIN_TOKEN: TOKEN, BACKPACK_TF_TOKEN: 'a-token' })
  graphql = graphqlClient(served.url, TOKEN)
}, 120_000)
afterAll(async () => {
  await served?.close()
  await world?.close()
})
beforeEach(() => world.fresh())

const post = (path: string, params: object) => served.ask('POST', path, { source: 'tf2', params }, { authorization: `Bearer ${TOKEN}` })

test('REST starts each type of request, and says what it reads', async () => {
  const [id] = world.listed('Strange Bat', 'sell')
  const requests = [
    [{ ...BAT, request_type: 'FULL' }, 'all listings of item 190;11'],
    [{ ...BAT, request_type: 'BUY_ONLY' }, 'buy orders of item 190;11'],
    [{ item_name: 'Strange Bat', request_type: 'SELL_ONLY' }, 'sell orders of Strange Bat'],
    [{ listing_id: id }, `listing ${id}`],
  ] as const
  for (const [params, label] of requests) {
    const { status, body } = await post('/api/jobs', params)
    expect({ status, body }).toMatchObject({ status: 201, body: { created: true, source: 'tf2', label } })
    expect(await world.suite.ended(body.id, 60_000)).toBe('completed')
  }
  expect(await world.live()).toEqual(world.listed('Strange Bat'))
}, 90_000)

test('REST refuses a bad request in one sentence, and estimates a good one', async () => {
  const refused = await post('/api/jobs', { ...BAT, max_inventory_size: 0 })
  expect(refused).toMatchObject({
    status: 400,
    body: { errors: [{ message: 'max_inventory_size must be a whole number of at least 1, got 0.' }] },
  })
  const { status, body } = await post('/api/jobs/estimate', { request_type: 'SINGLE_ID', listing_id: '440_1' })
  expect({ status, requests: body.requests }).toMatchObject({
    status: 200,
    requests: expect.arrayContaining([expect.objectContaining({ api: 'backpacktf.listing', requests: 1 })]),
  })
})

test('GraphQL starts one', async () => {
  const { startBackfill } = await graphql.data(
    `mutation ($params: JSON!) { startBackfill(source: "tf2", params: $params) { created job { id source label } } }`,
    { params: { ...BAT, request_type: 'BUY_ONLY' } },
  )
  expect(startBackfill).toMatchObject({ created: true, job: { source: 'tf2', label: 'buy orders of item 190;11' } })
  expect(await world.suite.ended(startBackfill.job.id, 60_000)).toBe('completed')
  expect(await world.live()).toEqual(world.listed('Strange Bat', 'buy'))
}, 60_000)

test('nothing is asked without a token', () => {
  const config = readConfig([tf2], { CONTACT: 'tests@example.org' })
  expect(() => requireCredentials(tf2, config)).toThrow(
    'BACKPACK_TF_TOKEN is not set: backpacktf at https://backpack.tf needs it; set BACKPACK_TF_TOKEN in .env.',
  )
})

test('the metrics show what listings came to, by type of request', async () => {
  await world.backfill({ ...BAT, request_type: 'BUY_ONLY' })
  await flush(world.suite.db)
  const service = createService(world.suite, readConfig([tf2], { DATABASE_URL: world.suite.databaseUrl }))
  const text = await exposition(service)()
  expect(text).toMatch(/^backfill_listings_found_total\{source="tf2",stream="buy_only"\} [1-9]/m)
  for (const counter of Object.keys(tf2.counters ?? {})) expect(text).toContain(`# TYPE backfill_${counter}_total counter`)
  expect(text).toContain('backfill_deletes_withheld_total')
})
