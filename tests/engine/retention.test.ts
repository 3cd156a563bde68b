import type { Source } from '../../backend/contract'
import { type Db, openDb } from '../../backend/database/db'
import { endJob } from '../../backend/engine/jobs/finish'
import { progress } from '../../backend/engine/jobs/progress'
import { buildReport } from '../../backend/engine/jobs/report'
import { report, retry, startJob } from '../../backend/engine/jobs/verbs'
import { keepRetention } from '../../backend/engine/upkeep/retention'
import { verbsFor } from '../../backend/service/jobs/summary'
import { type Broker, openBroker } from '../../queues/broker'
import { countingSource } from '../support/counting-source'
import { type TestEnv, testEnv } from '../support/env'
import { quiet } from '../support/suite'

let env: TestEnv
let db: Db
let broker: Broker
const TASKS = 6
const source: Source = countingSource({
  pages: 1,
  rowsPerPage: 1,
  tasks: Array.from({ length: TASKS }, (_, n) => ({ stream: 'count', key: `k${n}`, cursor: { page: 0 }, lane: 'lane' })),
})
const DAY = 86_400_000

beforeAll(async () => {
  env = await testEnv()
  db = openDb(env.databaseUrl, { max: 5 })
  broker = openBroker({ url: env.rabbitmqUrl, name: 'retention', log: quiet })
  await broker.ready()
}, 120_000)
afterAll(async () => {
  await broker?.close()
  await db?.close()
  await env?.close()
})
beforeEach(() =>
  db.tx((tx) =>
    tx.query(
      'truncate backhaul.jobs, backhaul.events_outbox, backhaul.webhooks, backhaul.actions, backhaul.inbox, backhaul.samples cascade',
    ),
  ),
)

const engine = () => ({ db, broker, sources: [source], log: quiet })
/** Sweeps once, whatever the clock says. */
async function sweep(retentionMs = 30 * DAY): Promise<void> {
  const it = keepRetention({ db, log: quiet, retentionMs })
  while ((await it.tick()) === 'busy');
}

/** A job that ended so many days ago, two of its tasks as told, one skipped, the others done. */
async function ended(name: string, days: number, bad?: 'failed' | 'cancelled'): Promise<string> {
  const { id } = await startJob(engine(), source, { name })
  await db.query(
    `update backhaul.tasks set state = (case when key in ('k0', 'k1') and $2::text is not null then $2 when key = 'k2' then 'skipped' else 'done' end)::backhaul.task_state,
            pages = 3, seen = 251, new = 180, updated = 30, unchanged = 20, known = 20, rejected = 1, deleted = 2, expected = 250, settled_at = now(), notes = array['a note'],
            reason = 'the account is closed', error_kind = 'timeout', error = 'no answer', traffic = '{"api": {"requests": 3, "waitMs": 10, "throttled": 0}}'
      where job_id = $1`,
    [id, bad ?? null],
  )
  await db.query(
    `insert into backhaul.rejects (job_id, task_id, source, stream, key, reason, raw) values ($1, 1, 'counting', 'count', 'x', 'schema', '{}')`,
    [id],
  )
  await db.tx(async (tx) => endJob(tx, id, await buildReport(tx, id, bad === 'cancelled' ? 'cancelled' : undefined)))
  await db.query(`update backhaul.jobs set completed_at = now() - $2 * interval '1 day' where id = $1`, [id, days])
  return id
}
const statusOf = async (id: string) =>
  (await db.query<{ status: string }>('select status from backhaul.jobs where id = $1', [id]))[0]?.status
const tasksOf = async (id: string) => (await db.query('select 1 from backhaul.tasks where job_id = $1', [id])).length
const count = async (table: string) => (await db.query<{ n: number }>(`select count(*)::int as n from backhaul.${table}`))[0]?.n

describe('tasks of ended jobs', () => {
  test.each([undefined, 'failed', 'cancelled'] as const)('go after their time; every figure of the job stays (%s)', async (bad) => {
    const old = await ended('old', 31, bad)
    const young = await ended('young', 29, bad)
    const running = (await startJob(engine(), source, { name: 'running' })).id
    await db.query(`update backhaul.jobs set created_at = now() - interval '1 year' where id = $1`, [running])
    const before = { progress: await progress(db, [old, young]), report: await report({ db }, old) }
    await sweep()
    expect([await tasksOf(old), await tasksOf(young), await tasksOf(running)]).toEqual([0, TASKS, TASKS])
    const { cleared, ...after } = await report({ db }, old)
    expect(after).toEqual(before.report)
    expect(after.tasks.total).toBe(TASKS)
    expect(Date.parse(cleared as string)).toBeGreaterThan(Date.now() - 60_000)
    expect(await progress(db, [old, young])).toEqual([
      { ...before.progress[0], cleared: true, readAt: expect.any(Date) },
      { ...before.progress[1], readAt: expect.any(Date) },
    ])
    expect(await count('rejects')).toBe(2)
    await sweep()
    expect((await report({ db }, old)).cleared).toBe(cleared)
  })

  test('a job whose failed tasks are gone cannot be retried, and says what to do instead', async () => {
    const old = await ended('old', 31, 'failed')
    const young = await ended('young', 29, 'failed')
    await sweep()
    const offered = (await progress(db, [old, young])).map((job) => verbsFor(job))
    expect(offered).toEqual([['acknowledge'], ['retry', 'acknowledge']])
    await expect(retry(engine(), old)).rejects.toMatchObject({
      code: 'state',
      message: expect.stringMatching(/were deleted after RETENTION_DAYS; start the job again$/),
    })
    expect((await retry(engine(), young)).tasks).toBe(2)
  })

  test('a job that is retried between the list of the sweep and its turn keeps its tasks', async () => {
    const other = await ended('first', 60)
    const id = await ended('old', 31, 'failed')
    const tx: Db['tx'] = async (work) => {
      if ((await tasksOf(other)) === 0 && (await statusOf(id)) === 'partial') await retry(engine(), id)
      return await db.tx(work)
    }
    const it = keepRetention({ db: { ...db, tx } as Db, log: quiet, retentionMs: 30 * DAY })
    while ((await it.tick()) === 'busy');
    expect([await tasksOf(other), await tasksOf(id), await statusOf(id)]).toEqual([0, TASKS, 'running'])
  })

  test('a sweep that was cut short is ended by the next, and no figure wavers meanwhile', async () => {
    const id = await ended('large', 31, 'failed')
    await db.query(
      `insert into backhaul.tasks (job_id, stream, key, queue, state, cursor) select $1, 'count', 'more' || n, 'q', 'done', '{}' from generate_series(1, 12000) n`,
      [id],
    )
    const before = await progress(db, [id])
    const it = keepRetention({ db, log: quiet, retentionMs: 30 * DAY })
    expect(await it.tick()).toBe('busy')
    expect(await tasksOf(id)).toBe(TASKS + 10_000)
    expect((await report({ db }, id)).cleared).toBe('under way')
    expect(await progress(db, [id])).toEqual([{ ...before[0], cleared: true, readAt: expect.any(Date) }])
    await expect(retry(engine(), id)).rejects.toMatchObject({ code: 'state' })
    await sweep()
    expect([await tasksOf(id), (await report({ db }, id)).cleared]).toEqual([0, expect.stringMatching(/^20/)])
  })
})

test('events go once they are published and passed on, deliveries once they are settled', async () => {
  await db.query(`insert into backhaul.webhooks (id, url, events, secret) values ('7c9e6679-7425-40de-944b-e07fc1f90ae7', 'u', '{*}', 's')`)
  await db.query(
    `insert into backhaul.events_outbox (key, payload, created_at, published_at, fanned_at)
     select k, '{}', now() - d * interval '1 day', case when k <> 'unpublished' then now() end, case when k <> 'unfanned' then now() end
       from unnest(array['done', 'unpublished', 'unfanned']) k, unnest(array[31, 29]) d`,
  )
  await db.query(
    `insert into backhaul.deliveries (webhook_id, key, payload, state, due_at)
     select '7c9e6679-7425-40de-944b-e07fc1f90ae7', s, '{}', s::backhaul.delivery_state, now() - d * interval '1 day'
       from unnest(array['pending', 'delivered', 'failed']) s, unnest(array[31, 29]) d`,
  )
  await sweep()
  expect((await db.query<{ key: string }>('select key from backhaul.events_outbox order by id')).map((row) => row.key).sort()).toEqual([
    ...['done', 'unfanned', 'unfanned', 'unpublished', 'unpublished'],
  ])
  expect((await db.query<{ key: string }>('select key from backhaul.deliveries order by key')).map((row) => row.key)).toEqual([
    ...['delivered', 'failed', 'pending', 'pending'],
  ])
})

test('actions go after their time; message ids and samples are kept a week at least and a week', async () => {
  await db.query(
    `insert into backhaul.actions (at, who, address, entry_point, verb, outcome) select now() - d * interval '1 day', 'a', 'b', 'cli', 'v', 'done' from unnest(array[3, 1]) d`,
  )
  await db.query(
    `insert into backhaul.inbox (queue, message_id, body_hash, taken_at) select 'q', d::text, 'h', now() - d * interval '1 day' from unnest(array[8, 6, 3]) d`,
  )
  await db.query(
    `insert into backhaul.samples (minute, name, labels) select now() - d * interval '1 day', 'n', '{}' from unnest(array[8, 6]) d`,
  )
  await sweep(2 * DAY)
  expect([await count('actions'), await count('inbox'), await count('samples')]).toEqual([1, 2, 1])
})

test('it sweeps at its first tick and then hourly, in batches of two thousand rows', async () => {
  let now = 0
  const it = keepRetention({ db, log: quiet, retentionMs: DAY, now: () => now })
  const fill = () =>
    db.query(
      `insert into backhaul.actions (at, who, address, entry_point, verb, outcome) select now() - interval '2 days', 'a', 'b', 'cli', 'v', 'done' from generate_series(1, 12000)`,
    )
  const sizes = async () => {
    const seen: (number | undefined)[] = []
    while ((await it.tick()) === 'busy') seen.push(await count('actions'))
    return [...new Set(seen)]
  }
  await fill()
  expect(await sizes()).toEqual([12_000, 10_000, 8_000, 6_000, 4_000, 2_000, 0])
  await fill()
  expect(await sizes()).toEqual([])
  now += 3_599_999
  expect([await it.tick(), await count('actions')]).toEqual(['idle', 12_000])
  now += 1
  expect(await sizes()).toEqual([12_000, 10_000, 8_000, 6_000, 4_000, 2_000, 0])
})
