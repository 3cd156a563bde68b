import { randomUUID } from 'node:crypto'
import { count, observe } from '../../backend/base/count'
import { flush } from '../../backend/base/flush-counts'
import type { Tx } from '../../backend/base/sql'
import { useApi, useRecords, useWait } from '../../backend/base/uses'
import type { Db } from '../../backend/database/db'
import { noteLost, noteStart, noteStop } from '../../backend/engine/starts'
import { keepRetention } from '../../backend/engine/upkeep/retention'
import { clearCaches } from '../../backend/service/base/caches'
import { effectOf, listDeploys } from '../../backend/service/history/effect'
import { history } from '../../backend/service/history/history'
import { ownDatabase } from '../support/database'
import { size } from '../support/size'
import { quiet } from '../support/suite'

/* Charts: what is kept of a week, by source, API and job, and what a deploy changed. */

let db: Db
ownDatabase((it) => (db = it))
const api = (limit: object) => ({ limit: { scope: 'ip', ...limit } }) as never
const sources = [
  { name: 'eve', apis: { esi: api({}), zkillboard: api({}) } },
  { name: 'tf2', apis: { steam: api({}) } },
] as never
const limits = new Map([['esi', { scope: 'ip' as const }]])
const of = (ask: object = {}) => {
  clearCaches({ db })
  return history({ db, sources, limits }, { minutes: 60, ...ask })
}
const sum = (list: readonly (number | null)[] = []) => list.reduce<number>((total, one) => total + (one ?? 0), 0)
const sumsOf = (lists: Record<string, readonly number[] | undefined>) =>
  Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, sum(list)]))

beforeEach(() => db.query('truncate backhaul.samples, backhaul.uses, backhaul.starts'))

/** Sweeps once, whatever the clock says. */
async function sweep(): Promise<void> {
  const it = keepRetention({ db, log: quiet, retentionMs: 30 * 86_400_000 })
  while ((await it.tick()) === 'busy');
}

test('a source has its records and the requests to its APIs, an API its requests, all of them everything', async () => {
  for (const source of ['eve', 'tf2']) count('backhaul_rows_total', { source, stream: 's', outcome: 'new' }, source === 'eve' ? 5 : 7)
  for (const [name, status, n] of [
    ['esi', '2xx', 3],
    ['esi', '429', 1],
    ['steam', 'failed', 2],
  ] as const) {
    count('backhaul_requests_total', { api: name, status }, n)
    observe('backhaul_request_duration_seconds', { api: name }, 0.2)
  }
  count('backhaul_wait_seconds_total', { api: 'esi', reason: 'gate' }, 4)
  // Waiting after an error is no waiting for a limit.
  count('backhaul_wait_seconds_total', { api: 'esi', reason: 'retry' }, 100)
  await flush(db)
  const show = async (ask: object) => {
    const { series } = await of(ask)
    return [sum(series.rows?.new), sumsOf(series.requests), sum(series.waitSeconds), Object.keys(series.latency)]
  }
  expect(await show({})).toEqual([12, { '2xx': 3, '429': 1, failed: 2 }, 4, ['esi', 'steam']])
  expect(await show({ source: 'eve' })).toEqual([5, { '2xx': 3, '429': 1 }, 4, ['esi']])
  expect(await show({ source: 'tf2' })).toEqual([7, { failed: 2 }, 0, ['steam']])
  expect(await show({ api: 'steam' })).toEqual([0, { failed: 2 }, 0, ['steam']])
  expect((await of({ api: 'steam' })).series.rows).toBeNull()
  await expect(of({ api: 'nothing' })).rejects.toThrow('There is no API "nothing"; there are esi, zkillboard, steam.')
  await expect(of({ source: 'nothing' })).rejects.toThrow('There is no source "nothing"')
  await expect(of({ source: 'eve', api: 'esi' })).rejects.toThrow('Give one of source, api and job, or none.')
})

test('a job has what it read and its own requests, in whatever processes they were counted', async () => {
  const [mine, other] = [randomUUID(), randomUUID()]
  for (const id of [mine, other])
    await db.query(`insert into backhaul.jobs (id, source, params, status, bounded_by) values ($1, 'eve', '{}', 'running', 'eve')`, [id])
  for (let process = 0; process < 2; process++) {
    useRecords(mine, { new: 10, known: 5, pages: 1 })
    useApi(mine, 'esi', '2xx', false, 0.3)
    useApi(mine, 'esi', '429', false, 0.1)
    useWait(mine, 'esi', 1500)
    useRecords(other, { new: 1000 })
    useApi(other, 'steam', '5xx', true, 9)
    await flush(db)
  }
  const { series } = await of({ job: mine })
  expect([sum(series.rows?.new), sum(series.rows?.known), sumsOf(series.requests), sum(series.waitSeconds)]).toEqual([
    20,
    10,
    { '2xx': 2, '429': 2 },
    3,
  ])
  expect(Object.keys(series.latency)).toEqual(['esi'])
  expect(series.latency.esi?.p95.find((one) => one !== null)).toBeGreaterThan(250)
  expect(Object.keys((await of({ job: other.slice(0, 8) })).series.latency)).toEqual(['steam'])
  await expect(of({ job: randomUUID() })).rejects.toThrow('there is no job')
})

test('folding keeps every sum, leaves the last hours by the minute, and changes nothing the second time', async () => {
  const job = randomUUID()
  await db.query(
    `insert into backhaul.samples (minute, name, labels, value)
     select date_trunc('minute', now()) - m * interval '1 minute', 'backhaul_rows_total', format('{"outcome":"new","source":"eve","stream":"%s"}', s), m % 7 + s
       from generate_series(0, 1800) m, generate_series(1, 3) s`,
  )
  await db.query(
    `insert into backhaul.uses (who, api, minute, counts) select $1, a, date_trunc('minute', now()) - m * interval '1 minute', array[m, 1, m % 3]
       from generate_series(0, 1800) m, unnest(array['', 'esi']) a`,
    [job],
  )
  const totals = () =>
    db.query(
      `select labels as key, sum(value)::float8 as sum from backhaul.samples group by 1
        union all select api || n, sum(c)::float8 from backhaul.uses cross join unnest(counts) with ordinality u(c, n) group by 1 order by 1`,
    )
  const spans = () =>
    db.query<{ minutes: number; rows: number; oldest: number }>(
      `select minutes, count(*)::int as rows, ceil(extract(epoch from now() - min(minute)) / 3600)::int as oldest from backhaul.samples group by 1 order by 1`,
    )
  const before = await totals()
  await sweep()
  expect(await totals()).toEqual(before)
  const kept = await spans()
  expect(kept.map(({ minutes }) => minutes)).toEqual([1, 5, 30])
  expect(kept[0]?.oldest).toBeLessThanOrEqual(8)
  expect(kept[1]?.oldest).toBeLessThanOrEqual(27)
  await sweep()
  expect(await spans()).toEqual(kept)
  // Each range of the charts has the same sum as the rows.
  const { series, spanMinutes, minutes } = await of({ minutes: 1440 })
  expect([spanMinutes, minutes.length]).toEqual([5, 288])
  const [row] = await db.query<{ sum: number }>(`select sum(value)::float8 as sum from backhaul.samples where minute >= $1`, [minutes[0]])
  expect(sum(series.rows?.new)).toBe(row?.sum)
})

/** A third of them of each name. */
const SERIES = size(90, 300)

test(`a week of ${SERIES} series is bounded: rows, size, and what a chart of the week reads`, async () => {
  // As folding leaves them: the last 8 hours by the minute, a day by 5 minutes, a week by 30.
  await db.query(
    `insert into backhaul.samples (minute, minutes, name, labels, value)
     select date_bin(b.minutes * interval '1 minute', now(), 'epoch') - n * b.minutes * interval '1 minute', b.minutes,
            case s % 3 when 0 then 'backhaul_rows_total' when 1 then 'backhaul_requests_total' else 'backhaul_request_duration_seconds_bucket' end,
            format('{"api":"api-%s","le":"0.5","outcome":"new","source":"eve","status":"2xx","stream":"stream-%s"}', s % 10, s), 3
       from (values (1, 0, 480), (5, 96, 324), (30, 54, 336)) b(minutes, first, last), generate_series(b.first, b.last) n, generate_series(1, $1::int) s`,
    [SERIES],
  )
  await db.query('analyze backhaul.samples')
  const [held] = await db.query<{ rows: number; mb: number }>(
    `select count(*)::int as rows, (pg_total_relation_size('backhaul.samples') / 1e6)::float8 as mb from backhaul.samples`,
  )
  expect(held?.rows).toBeLessThan(SERIES * 1_030)
  expect(held?.mb).toBeLessThan(SERIES * 0.5)
  // What comes from the database is what is drawn: one figure for each series and span.
  let figures = 0
  const watched = new Proxy(db, {
    get(to, name) {
      if (name !== 'tx') return Reflect.get(to, name)
      return (work: (tx: Tx) => Promise<{ places: number[] }[]>) =>
        db.tx(async (tx) => {
          const rows = await work(tx)
          figures += rows.reduce((sum, { places }) => sum + places.length, 0)
          return rows
        })
    },
  })
  const week = await history({ db: watched, limits: new Map(), sources: [] }, { minutes: 10_080 })
  expect(figures).toBe(SERIES * 336)
  expect([week.spanMinutes, week.minutes.length, sum(week.series.rows?.new)]).toEqual([30, 336, (481 + 229 + 282) * (SERIES / 3) * 3])
  // The last hour reads its own rows only.
  const [plan] = await db.query<{ 'QUERY PLAN': [{ Plan: object }] }>(
    `explain (analyze, format json) select * from backhaul.samples where minute >= now() - interval '1 hour'`,
  )
  expect(JSON.stringify(plan)).toContain('samples_pkey')
}, 120_000)

test('a deploy, a crash and a restart are told apart, and each is marked once for all its processes', async () => {
  const host = 'another-host'
  const start = (app: string, n: number, version: string) => noteStart(db, { id: `${host}:${process.pid}:${n}`, app, version })
  for (const [n, app] of ['worker-a', 'worker-b'].entries()) await start(app, n, '0.14.2')
  expect(await listDeploys(db)).toEqual([])
  for (const n of [0, 1]) await noteStop(db, `${host}:${process.pid}:${n}`)
  for (const [n, app] of ['worker-a', 'worker-b'].entries()) await start(app, 10 + n, '0.15.0')
  await noteLost(db, [{ id: `${host}:${process.pid}:10` }])
  await start('worker-a', 20, '0.15.0')
  await noteStop(db, `${host}:${process.pid}:11`)
  await start('worker-b', 21, '0.15.0')
  const marks = await listDeploys(db)
  expect(marks.map(({ at: _, ...mark }) => mark).toSorted((a, b) => a.kind.localeCompare(b.kind))).toEqual([
    { kind: 'crash', before: '0.15.0', version: '0.15.0', apps: ['worker-a'], starts: 1 },
    { kind: 'deploy', before: '0.14.2', version: '0.15.0', apps: ['worker-a', 'worker-b'], starts: 2 },
    { kind: 'restart', before: '0.15.0', version: '0.15.0', apps: ['worker-b'], starts: 1 },
  ])
  expect((await of()).marks).toEqual(marks.toReversed())
})

test('a process of this host that died without a word is found by the next start', async () => {
  const { hostname } = await import('node:os')
  const gone = `${hostname()}:999999:a`
  await db.query(`insert into backhaul.starts (process, app, host, version) values ($1, 'worker-a', $2, '1')`, [gone, hostname()])
  await noteStart(db, { id: `${hostname()}:${process.pid}:b`, app: 'worker-a', version: '1' })
  expect(await listDeploys(db)).toMatchObject([{ kind: 'crash', apps: ['worker-a'] }])
})

test('starts of a process that crashes again and again stay few', async () => {
  await db.query(
    `insert into backhaul.starts (process, app, host, version, before, at) select 'p' || n, 'worker-a', 'h', '1', '1', now() - n * interval '1 minute' from generate_series(1, 3000) n`,
  )
  await sweep()
  expect(await db.query(`select count(*)::int as n from backhaul.starts`)).toEqual([{ n: 500 }])
})

test('what a deploy changed: equal windows before and after it, without the minute in which it happened', async () => {
  expect(await effectOf(db)).toEqual({ mark: null, minutes: 0, before: null, after: null })
  await db.query(
    `insert into backhaul.starts (process, app, host, version, before, at) values
       ('a', 'worker-a', 'h', '0.15.0', '0.14.2', date_trunc('minute', now()) - interval '10 minutes' + interval '20 seconds')`,
  )
  const samples = (name: string, labels: object, from: number, to: number, value: number) =>
    db.query(
      `insert into backhaul.samples (minute, name, labels, value) select date_trunc('minute', now()) - m * interval '1 minute', $1, $2, $5 from generate_series($3::int, $4::int) m`,
      [name, JSON.stringify(labels), from, to, value],
    )
  // Minutes 10 (the deploy) and 0 (not over) count for neither.
  await samples('backhaul_requests_total', { api: 'esi', status: '2xx' }, 11, 40, 100)
  await samples('backhaul_requests_total', { api: 'esi', status: '2xx' }, 0, 10, 60)
  await samples('backhaul_requests_total', { api: 'esi', status: '5xx' }, 0, 10, 40)
  await samples('backhaul_rows_total', { outcome: 'new' }, 11, 40, 600)
  await samples('backhaul_rows_total', { outcome: 'known' }, 0, 10, 60)
  const effect = await effectOf(db)
  expect(effect).toMatchObject({
    mark: { kind: 'deploy', before: '0.14.2', version: '0.15.0' },
    minutes: 9,
    before: { requests: 900, failed: 0, errorRate: 0, records: 5400, recordsPerSecond: 10 },
    after: { requests: 900, failed: 360, errorRate: 0.4, records: 540, recordsPerSecond: 1 },
  })
  expect(await effectOf(db, effect.mark?.at)).toEqual(effect)
  await expect(effectOf(db, '2020-01-01T00:00:00.000Z')).rejects.toThrow('There is no change at')
})
