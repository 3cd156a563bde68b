import { randomUUID } from 'node:crypto'
import { flush } from '../../backend/base/flush-counts'
import { useApi, useWait } from '../../backend/base/uses'
import type { Db } from '../../backend/database/db'
import { createGate } from '../../backend/gate/gate'
import { clearCaches } from '../../backend/service/base/caches'
import { history } from '../../backend/service/history/history'
import { readGates } from '../../backend/service/suite/gate-readings'
import { listGatesOf, listLimits } from '../../backend/service/suite/limits'
import { usersOf } from '../../backend/service/suite/users'
import { ownDatabase } from '../support/database'

/* Limits with all their gates: what is troubled, what waits and why, and who used them. */

let db: Db
ownDatabase((it) => (db = it))
const HOSTS = 5000
const limits = new Map([
  ['zkillboard', { scope: 'ip' as const, spacingMs: 10_000, concurrent: 1 }],
  ['esi', { scope: 'ip' as const, requests: 100, perMs: 60_000 }],
  ['pds', { scope: 'host' as const, requests: 3000, perMs: 300_000 }],
])
const sources = [
  { name: 'eve', apis: { zkillboard: {}, esi: {} } },
  { name: 'atproto', apis: { pds: {} } },
] as never
const service = () => {
  clearCaches({ db })
  return { db, limits, sources }
}
const limit = async (name: string) => (await listLimits(service())).find((one) => one.name === name)
const job = randomUUID()

/** A task that waits for a gate. */
const waits = (gate: string) =>
  db.query(
    `insert into backhaul.tasks (job_id, stream, key, queue, state, cursor, due_at, waiting_on)
     values ($1, 's', $2, 'zkillboard_backfill_queue', 'ready', '{}', now() + interval '1 hour', $3)`,
    [job, randomUUID(), gate],
  )

beforeEach(async () => {
  await db.query('truncate backhaul.gates, backhaul.samples, backhaul.uses, backhaul.jobs cascade')
  await db.query(
    `insert into backhaul.jobs (id, source, params, status, admitted, bounded_by) values ($1, 'eve', '{}', 'running', true, 'eve')`,
    [job],
  )
})

test('a limit that was never used is known as that; troubled ones come first, the worst before others', async () => {
  expect(await listLimits(service())).toMatchObject([
    { name: 'esi', state: 'ready', gates: { total: 0 }, use: 0, waiting: { limit: 0, closed: 0 } },
    { name: 'pds', sources: ['atproto'], scope: 'host' },
    // No reading says how much of its slots was used.
    { name: 'zkillboard', sources: ['eve'], use: null },
  ])
  await db.query(
    `insert into backhaul.gates (name, blocked_until, blocked_reason, open_until, failures) values
       ('zkillboard', now() + interval '1 minute', '429 Too Many Requests', null, 0), ('pds:b.example', null, null, now() + interval '1 minute', 5)`,
  )
  expect((await listLimits(service())).map(({ name, state, worst }) => [name, state, worst?.name])).toEqual([
    ['pds', 'tripped', 'pds:b.example'],
    ['zkillboard', 'blocked', 'zkillboard'],
    ['esi', 'ready', 'esi'],
  ])
})

test('waiting for a limit and waiting for a closed gate are counted apart', async () => {
  await db.query(
    `insert into backhaul.gates (name, blocked_until) values ('pds:a.example', now() + interval '1 minute'), ('pds:b.example', null)`,
  )
  for (const gate of ['pds:a.example', 'pds:b.example', 'pds:b.example', 'esi', 'its own backlog']) await waits(gate)
  expect((await limit('pds'))?.waiting).toEqual({ limit: 2, closed: 1 })
  expect((await limit('esi'))?.waiting).toEqual({ limit: 1, closed: 0 })
  expect((await limit('pds'))?.worst?.users).toEqual([{ job, source: 'eve', tasks: 0, waiting: 1 }])
})

test('readings become averages on the charts: use in %, and both kinds of waiting; unread minutes are unknown', async () => {
  await db.query(
    `insert into backhaul.gates (name, next_at, blocked_until) values ('zkillboard', now() + interval '9 seconds', null), ('esi', null, now() + interval '1 minute')`,
  )
  for (const gate of ['zkillboard', 'zkillboard', 'esi']) await waits(gate)
  await readGates(service())
  await db.query(`update backhaul.gates set next_at = null`)
  await db.query(`delete from backhaul.tasks where waiting_on = 'zkillboard'`)
  await readGates(service())
  // Both readings may fall into different minutes.
  const { series } = await history(service(), { minutes: 10, source: 'eve' })
  const mean = (list: (number | null)[] = []) => {
    const known = list.filter((one) => one !== null)
    return known.reduce((sum, one) => sum + one, 0) / known.length
  }
  expect([mean(series.limits.zkillboard?.use), mean(series.limits.zkillboard?.waiting), mean(series.limits.esi?.closed)]).toEqual([
    0.5, 1, 1,
  ])
  expect(series.limits.zkillboard?.use[0]).toBeNull()
  expect((await limit('zkillboard'))?.use).toBe(0.5)
  // The job knows for how long its tasks waited.
  const mine = await history(service(), { minutes: 10, job })
  expect(mine.series.waitSeconds.reduce((sum, one) => sum + one, 0)).toBe((2 + 1 + 1) * 15)
})

test('who used an API: the largest first, live and backfill, refusals and waiting', async () => {
  for (let n = 0; n < 3; n++) useApi(job, 'esi', '2xx', true, 0.1)
  useApi(job, 'esi', '429', false, 0.1)
  useWait(job, 'esi', 700)
  for (let n = 0; n < 12; n++) useApi('lookups character', 'esi', n < 2 ? 'failed' : '2xx', false, 0.1)
  useApi(job, 'zkillboard', '2xx', false, 0.1)
  await flush(db)
  expect(await usersOf(service(), 'esi', 60)).toMatchObject({
    api: 'esi',
    requests: 16,
    live: 3,
    items: [
      { job: null, source: null, label: 'lookups character', requests: 12, share: 0.75, live: 0, failed: 2 },
      { job, source: 'eve', requests: 4, share: 0.25, live: 3, throttled: 1, waitMs: 700 },
    ],
  })
  await expect(usersOf(service(), 'nothing', 60)).rejects.toThrow('There is no limit "nothing"')
})

test(`${HOSTS} hosts are one limit: its worst state is seen, they are found by name, and no answer has them all`, async () => {
  await db.query(
    `insert into backhaul.gates (name, granted, failures) select format('pds:host-%s.example', n), n, 0 from generate_series(1, $1) n`,
    [HOSTS],
  )
  await db.query(
    `insert into backhaul.gate_windows (gate, span, ends, used, backfill)
     select name, 'requests', array_agg(e), array_agg(10), array_agg(10)
       from backhaul.gates, generate_series(extract(epoch from now())::bigint * 1000 - 300000, extract(epoch from now())::bigint * 1000, 5000) e group by name`,
  )
  await db.query(`update backhaul.gates set blocked_until = now() + interval '1 minute' where name = 'pds:host-4711.example'`)
  await db.query(`update backhaul.gates set failures = 2 where name = 'pds:host-12.example'`)
  const pds = await limit('pds')
  expect(pds).toMatchObject({
    state: 'blocked',
    gates: { total: HOSTS, ready: HOSTS - 1, blocked: 1, failing: 1 },
    worst: { name: 'pds:host-4711.example' },
    granted: (HOSTS * (HOSTS + 1)) / 2,
  })
  const page = await listGatesOf(service(), 'pds', { limit: 50 })
  expect([page.total, page.items.length]).toEqual([HOSTS, 50])
  expect(page.items.slice(0, 3).map(({ name }) => name)).toEqual(['pds:host-4711.example', 'pds:host-12.example', 'pds:host-1.example'])
  const found = await listGatesOf(service(), 'pds', { q: 'HOST-471' })
  expect([found.total, found.items[0]?.name]).toEqual([11, 'pds:host-4711.example'])
  expect(JSON.stringify(await listLimits(service())).length).toBeLessThan(5000)
  await expect(listGatesOf(service(), 'nothing', {})).rejects.toThrow('There is no limit "nothing"')
  // A reading reads the gates that may be in use, and makes one row for each limit.
  await db.query(
    `update backhaul.gates set updated_at = now() - interval '1 hour' where name not in ('pds:host-7.example', 'pds:host-8.example')`,
  )
  await waits('pds:host-4711.example')
  expect((await createGate(db, limits).list(['pds:host-4711.example'])).map(({ name }) => name)).toEqual([
    'pds:host-4711.example',
    'pds:host-7.example',
    'pds:host-8.example',
  ])
  await readGates(service())
  expect(await db.query(`select name, labels from backhaul.samples order by 1`)).toEqual([
    { name: 'gate_closed', labels: '{"limit":"pds"}' },
    { name: 'gate_readings', labels: '{}' },
    { name: 'gate_use', labels: '{"limit":"pds"}' },
  ])
  // The statements are as many as with one host, however many there are.
  const statements = async () => {
    let n = 0
    const counted = {
      ...service(),
      db: new Proxy(db, {
        get(to, name) {
          if (name === 'query') n++
          return Reflect.get(to, name)
        },
      }),
    }
    await listLimits(counted)
    await readGates(counted)
    return n
  }
  const many = await statements()
  await db.query(`delete from backhaul.gates where name <> 'pds:host-1.example'`)
  expect(many).toBe(await statements())
}, 60_000)
