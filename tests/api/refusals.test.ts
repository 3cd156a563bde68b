import { sources } from '../../backend/sources'
import { type Served, serve } from '../support/api'
import { type TestEnv, testEnv } from '../support/env'
import { type GraphqlClient, graphqlClient } from '../support/graphql-client'

/* Refusals that are kept, over REST and GraphQL. */

const TOKENS = { ADMIN_TOKEN: 'admin-token-of-this-test', READ_TOKEN: 'reader-token-of-this-test' }
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
let env: TestEnv
let served: Served
let admin: GraphqlClient
let reader: GraphqlClient

beforeAll(async () => {
  env = await testEnv()
  served = await serve(env, sources, TOKENS)
  admin = graphqlClient(served.url, TOKENS.ADMIN_TOKEN)
  reader = graphqlClient(served.url, TOKENS.READ_TOKEN)
}, 120_000)
afterAll(async () => {
  await served?.close()
  await env?.close()
})

beforeEach(async () => {
  await served.service.db.tx((tx) => tx.query('truncate backhaul.lookups, eve.killmail_refusals, backhaul.actions'))
  await served.service.db.query(
    `insert into backhaul.lookups (kind, id, answered, error, denied_at, fresh_until) values
       ('corporation', '7', 1, 'unknown', now(), now() + interval '7 days'), ('corporation', '8', 1, 'unknown', now(), now() + interval '7 days')`,
  )
  await served.service.db.query(
    `insert into eve.killmail_refusals (killmail_id, listed_hash, reason, refused_at) values (100, 'a', 'not_on_esi', now())`,
  )
})

const get = (query: string) => served.ask('GET', `/api/refusals${query}`, undefined, bearer(TOKENS.READ_TOKEN))
const forget = (body: unknown, token = TOKENS.ADMIN_TOKEN) => served.ask('POST', '/api/refusals/forget', body, bearer(token))
const named = (items: { kind: string; id: string }[]) => items.map(({ kind, id }) => `${kind} ${id}`)

test('REST and GraphQL list the same refusals, also of one kind', async () => {
  const { status, body } = await get('')
  expect([status, named(body.items)]).toEqual([200, ['corporation 7', 'corporation 8', 'killmail 100']])
  expect(named((await get('?kind=corporation&limit=1')).body.items)).toEqual(['corporation 7'])
  expect((await get('?kind=alliance')).body).toEqual({ items: [] })
  expect(await get('?kind=station')).toMatchObject({ status: 400, body: { errors: [{ field: 'kind' }] } })
  const { refusals } = await reader.data('{ refusals { kind id reason refusedAt until } }')
  expect(refusals).toEqual(body.items)
  expect((await reader.data('{ refusals(kind: "killmail", first: 5) { id reason } }')).refusals).toEqual([
    { id: '100', reason: 'not_on_esi' },
  ])
})

test('an administrator forgets some or all of a kind, and it is recorded', async () => {
  expect(await forget({ kind: 'corporation', ids: ['8', '77'] })).toMatchObject({ status: 200, body: { forgotten: 1 } })
  expect(await admin.data('mutation { forgetRefusals(kind: "corporation", all: true) { forgotten } }')).toEqual({
    forgetRefusals: { forgotten: 1 },
  })
  expect(await admin.data('mutation { forgetRefusals(kind: "killmail", ids: ["100"]) { forgotten } }')).toEqual({
    forgetRefusals: { forgotten: 1 },
  })
  expect((await get('')).body).toEqual({ items: [] })
  expect(await served.service.db.query('select entry_point as "from", target from backhaul.actions order by id')).toEqual([
    { from: 'rest', target: 'corporation 8, 77' },
    { from: 'graphql', target: 'corporation' },
    { from: 'graphql', target: 'killmail 100' },
  ])
})

test('a reader, and a request that is wrong, change nothing', async () => {
  expect((await forget({ kind: 'corporation', all: true }, TOKENS.READ_TOKEN)).status).toBe(403)
  const cases: [body: object, status: number, field: string][] = [
    [{ kind: 'station', all: true }, 400, 'kind'],
    [{ kind: 'killmail' }, 400, 'ids'],
    [{ kind: 'killmail', ids: ['100'], all: true }, 400, 'ids'],
    [{ kind: 'killmail', ids: ['five'] }, 400, 'ids'],
    [{ kind: 'killmail', ids: ['555'] }, 404, 'ids'],
  ]
  for (const [body, status, field] of cases) expect(await forget(body)).toMatchObject({ status, body: { errors: [{ field }] } })
  const forgetAll = 'mutation { forgetRefusals(kind: "corporation", all: true) { forgotten } }'
  expect((await reader.error(forgetAll)).extensions.code).toBe('FORBIDDEN')
  expect((await get('')).body.items).toHaveLength(3)
})
