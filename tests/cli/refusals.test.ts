import type { Db } from '../../backend/database/db'
import { type CommandEnv, command, ownServices } from '../support/cli'

let db: Db
let env: CommandEnv
ownServices((own) => ({ db, env } = own))

const lookups = () =>
  db.query<{ id: string }>(
    `select kind || ' ' || id as id, asked > answered as open, denied_at is not null as denied from backhaul.lookups order by kind, id::int`,
  )
const killmails = async () =>
  (await db.query<{ id: bigint }>('select killmail_id as id from eve.killmail_refusals order by 1')).map((row) => Number(row.id))

beforeEach(async () => {
  await db.tx((tx) => tx.query('truncate backhaul.lookups, eve.killmail_refusals, backhaul.actions'))
  await db.query(
    `insert into backhaul.lookups (kind, id, answered, error, denied_at, fresh_until) values
       ('corporation', '7', 1, 'unknown', now(), now() + interval '7 days'), ('corporation', '8', 1, 'unknown', now(), now() + interval '7 days'),
       ('type', '9', 1, 'unknown', now(), now() + interval '7 days'), ('type', '10', 1, null, null, now() + interval '7 days'),
       ('type', '11', 0, 'ESI answered 502', null, null)`,
  )
  await db.query(
    `insert into eve.killmail_refusals (killmail_id, listed_hash, reason, refused_at) values
       (100, 'a', 'not_on_esi', now()), (101, 'b', 'hash_mismatch', now()), (102, 'c', 'not_on_esi', now() - interval '31 days')`,
  )
})

test('lists what is refused now, by kind', async () => {
  const { code, out } = await command(env, 'refusals list')
  expect(code).toBe(0)
  expect(out.split('\n').map((line) => line.split(/ {2,}/).slice(0, 2).join(' '))).toEqual([
    'kind id',
    'corporation 7',
    'corporation 8',
    'type 9',
    'killmail 100',
    'killmail 101',
  ])
  expect(JSON.parse((await command(env, 'refusals list --kind killmail --limit 1 --json')).out)).toMatchObject([
    { kind: 'killmail', id: '100', reason: 'not_on_esi', refusedAt: expect.any(String), until: expect.any(String) },
  ])
  expect(await command(env, 'refusals list --kind alliance')).toMatchObject({ code: 0, out: 'No alliance refusals.' })
})

test('forgets ids of a lookup, which are asked for at once, and keeps who did it', async () => {
  expect(await command(env, 'refusals forget corporation 8 77')).toEqual({ code: 0, out: '1 refusal forgotten.', err: '' })
  expect(await lookups()).toEqual([
    { id: 'corporation 7', open: false, denied: true },
    { id: 'corporation 8', open: true, denied: false },
    { id: 'type 9', open: false, denied: true },
    { id: 'type 10', open: false, denied: false },
    { id: 'type 11', open: true, denied: false },
  ])
  expect(await db.query('select verb, target, entry_point as "entryPoint", outcome from backhaul.actions')).toEqual([
    { verb: 'refusal.forget', target: 'corporation 8, 77', entryPoint: 'cli', outcome: 'done' },
  ])
})

test('forgets all of a kind, and killmails', async () => {
  expect(JSON.parse((await command(env, 'refusals forget corporation --all --json')).out)).toEqual({ forgotten: 2 })
  expect(await command(env, 'refusals forget corporation --all')).toMatchObject({ code: 0, out: '0 refusals forgotten.' })
  expect((await command(env, 'refusals forget killmail 101')).out).toBe('1 refusal forgotten.')
  expect(await killmails()).toEqual([100, 102])
})

test.each([
  ['forget station 5', /^No refusals of kind "station" are kept; there are character, .*killmail\.$/],
  ['list --kind station', /^No refusals of kind "station"/],
  ['forget killmail', /^Give ids or --all, not both: yarn refusals forget killmail <id\.\.\.>, or yarn refusals forget killmail --all\.$/],
  ['forget killmail 5 --all', /^Give ids or --all/],
  ['forget killmail five', /^ids: "five" must be a whole number\.?$/],
  ['forget killmail 555', /^No refusal of killmail 555 is kept\.$/],
])('%s is refused in one line', async (line, text) => {
  const { code, err } = await command(env, `refusals ${line}`)
  expect(code).toBe(2)
  expect(err).toMatch(text)
  expect(await killmails()).toEqual([100, 101, 102])
})
