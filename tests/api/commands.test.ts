import { idsIn } from '../../backend/base/vocabulary'
import { sources } from '../../backend/sources'
import { type Served, serve } from '../support/api'
import { type TestEnv, testEnv } from '../support/env'
import { graphqlClient } from '../support/graphql-client'

/* Many ids in one request, as `yarn queue <command> --file` takes them. */

const TOKENS = { ADMIN_TOKEN: 'admin-token-of-this-test', READ_TOKEN: 'reader-token-of-this-test' }
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const MANY = 20_000
let env: TestEnv
let served: Served

beforeAll(async () => {
  env = await testEnv()
  served = await serve(env, sources, TOKENS)
}, 120_000)
afterAll(async () => {
  await served?.close()
  await env?.close()
})

const post = (path: string, body: object, token = TOKENS.ADMIN_TOKEN) => served.ask('POST', `/api/commands/${path}`, body, bearer(token))
const jobs = async () => (await served.service.db.query<{ n: number }>('select count(*)::int as n from backhaul.jobs'))[0]?.n

test('the estimate is over all ids and names the invalid ones by their place; nothing starts while there is one', async () => {
  const ids = ['2117325769', 'abc', '007', '7', '-1']
  const params = { options: { fromDate: '2024-01-01', toDate: '2024-01-31' } }
  const { status, body } = await post('estimate', { command: 'character-killmails', ids, params }, TOKENS.READ_TOKEN)
  expect([status, body]).toMatchObject([
    200,
    {
      requests: 2,
      invalid: 2,
      faults: [
        { at: 1, id: 'abc', message: 'characterId must be a whole number, got abc.' },
        { at: 4, id: '-1' },
      ],
      apis: expect.arrayContaining([expect.objectContaining({ api: 'zkillboard' })]),
      active: 0,
    },
  ])
  expect(await post('start', { command: 'character-killmails', ids })).toMatchObject({
    status: 400,
    body: { errors: [{ field: 'ids.1', message: expect.stringContaining('"abc"') }, { field: 'ids.4' }] },
  })
  expect(await jobs()).toBe(0)
  const query = 'query ($ids: [String!]) { commandEstimate(command: "character-killmails", ids: $ids) { requests invalid faults { at } } }'
  expect((await graphqlClient(served.url, TOKENS.READ_TOKEN).data(query, { ids })).commandEstimate).toEqual({
    requests: 2,
    invalid: 2,
    faults: [{ at: 1 }, { at: 4 }],
  })
})

test.each([
  [{ command: 'none', ids: ['1'] }, 404, 'command'],
  [{ command: 'character-killmails', ids: [] }, 400, 'ids'],
  [{ command: 'killmail-values', ids: ['1'] }, 400, 'ids'],
  [{ command: 'character-killmails', ids: ['1'], params: { characterId: 5 } }, 400, 'characterId'],
  [{ command: 'character-killmails', ids: ['1'], params: { options: { limit: 1000 } } }, 400, 'options.limit'],
  [{ command: 'commerce-sync', ids: ['1'], params: { kind: 'backfill' } }, 400, 'kind'],
])('%j is refused at its field', async (body, status, field) => {
  for (const path of ['estimate', 'start']) expect(await post(path, body)).toMatchObject({ status, body: { errors: [{ field }] } })
})

test('20,000 ids are 20,000 jobs of one request; again, they are active already', async () => {
  const ids = Array.from({ length: MANY }, (_, n) => String(90_000_000 + n))
  const estimate = await post('estimate', { command: 'character-killmails', ids })
  expect(estimate.body).toMatchObject({ requests: MANY, invalid: 0, tasks: MANY, faults: [] })
  expect((await post('start', { command: 'character-killmails', ids }, TOKENS.READ_TOKEN)).status).toBe(403)
  expect((await post('start', { command: 'character-killmails', ids })).body).toMatchObject({ created: MANY, joined: 0, lookups: 0 })
  expect(await jobs()).toBe(MANY)
  expect((await post('estimate', { command: 'character-killmails', ids: ids.slice(0, 3) })).body.active).toBe(3)
  const again = 'mutation ($ids: [String!]) { startCommand(command: "character-killmails", ids: $ids) { created joined job } }'
  const { startCommand } = await graphqlClient(served.url, TOKENS.ADMIN_TOKEN).data(again, { ids: ids.slice(0, 2) })
  expect(startCommand).toMatchObject({ created: 0, joined: 2, job: expect.any(String) })
}, 120_000)

test('lookups are requested without a job, and it is recorded', async () => {
  const before = await jobs()
  expect((await post('estimate', { command: 'character', ids: ['7', 'x', '007'] })).body).toMatchObject({
    requests: 1,
    invalid: 1,
    faults: [{ at: 1, id: 'x' }],
  })
  expect((await post('start', { command: 'character', ids: ['7', '8'] })).body).toEqual({
    created: 0,
    joined: 0,
    lookups: 2,
    job: null,
    broker: null,
  })
  expect(
    await served.service.db.query(`select id from backhaul.lookups where kind = 'character' and asked > answered order by id`),
  ).toEqual([{ id: '7' }, { id: '8' }])
  expect(await jobs()).toBe(before)
  expect(await served.service.db.query(`select verb, target, outcome from backhaul.actions order by id desc limit 1`)).toEqual([
    { verb: 'lookup.start', target: 'character', outcome: 'done' },
  ])
})

test('the form of a command has the options that yarn queue has, and no others', async () => {
  const { body } = await served.ask('GET', '/api/sources', undefined, bearer(TOKENS.READ_TOKEN))
  const found = body.items.flatMap(({ commands }: { commands: { name: string }[] }) => commands)
  const of = (name: string) => found.find((one: { name: string }) => one.name === name)
  expect(of('character-killmails')).toMatchObject({ ids: 'Character id', lookup: null })
  expect(Object.keys(of('character-killmails').form.properties.options.properties)).toEqual([
    'fromDate',
    'toDate',
    'maxPages',
    'limit',
    'skipExisting',
    'kills',
    'losses',
  ])
  expect(JSON.stringify(of('character-killmails').form)).not.toContain('"when"')
  expect(of('character')).toMatchObject({ ids: 'Character id', lookup: 'character', form: { properties: {} } })
  expect(of('killmail-values')).toMatchObject({ ids: null })
  expect(Object.keys(of('commerce-sync').form.properties)).toEqual([
    'platforms',
    'entities',
    'since',
    'newestFirst',
    'listingStates',
    'transport',
  ])
})

test('a pasted list has ids by line, with comments', () => {
  expect(idsIn('\uFEFF7, 8;9\n# old\n10 # new\r\n\n11')).toEqual([
    { text: '7', line: 1 },
    { text: '8', line: 1 },
    { text: '9', line: 1 },
    { text: '10', line: 3 },
    { text: '11', line: 5 },
  ])
})
