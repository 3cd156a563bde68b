import type { Tx } from '../../backend/base/sql'
import { type Db, openDb } from '../../backend/database/db'
import { readLookups } from '../../backend/engine/jobs/progress'
import { lookupsOf } from '../../backend/engine/jobs/report'
import { answerLookups, claimLookups, releaseLookups } from '../../backend/engine/lookups/store'
import { wakeLookups } from '../../backend/engine/lookups/wake'
import { markWoken, mostUrgent } from '../../backend/engine/store'
import { unattended } from '../../backend/engine/upkeep/alert-checks'
import { openWork } from '../../backend/engine/upkeep/open-work'
import { createScheduler } from '../../backend/engine/upkeep/scheduler'
import { startSchedules } from '../../backend/engine/upkeep/schedules'
import { READINGS } from '../../backend/service/suite/gate-readings'
import { listLimits } from '../../backend/service/suite/limits'
import { sources } from '../../backend/sources'
import { claimDue } from '../../backend/webhooks/store'
import { rowsReadBy } from '../../bench/engine/rows-read'
import type { Broker } from '../../queues/broker'
import { type TestDatabase, testDatabase } from '../support/env'
import { quiet } from '../support/suite'
import { until } from '../support/until'

/*
 * What is asked of the database reads as many rows as it takes or shows, however many wait. Rows are counted, not time.
 */

const KIND = 'character'
const BATCH = 50
let env: TestDatabase
let db: Db
const broker = { state: 'connected', publish: async (messages) => messages.map(() => 'confirmed' as const) } as Broker

beforeEach(async () => {
  env = await testDatabase()
  db = openDb(env.databaseUrl, { name: 'scale', max: 1 })
})
afterEach(async () => {
  await db.close()
  await env.close()
})

/** Jobs that wait, each with ten ids that it asked for, of which one is answered. */
async function wait(from: number, to: number): Promise<string> {
  await db.query(
    `with j as (insert into backhaul.jobs (source, params, bounded_by) select 'eve', '{}', 'zkillboard_backfill_queue' from generate_series($1::int, $2::int - 1)
                returning id)
     insert into backhaul.lookups (kind, id, jobs, priority, answered, asked_at)
     select $3, $1 * 10 + row_number() over (), array[j.id], n % 10, case when n = 9 then 1 else 0 end, now() - interval '1 minute'
       from j, generate_series(0, 9) n`,
    [from, to, KIND],
  )
  const [row] = await db.query<{ id: string }>('select id from backhaul.jobs order by arrival desc limit 1')
  return row?.id ?? ''
}

const works = (job: string): Record<string, (tx: Tx) => Promise<unknown>> => ({
  'a wake-up of lookups': (tx) => wakeLookups(tx, broker, KIND, { queue: 'esi_character_info_queue', batch: BATCH }),
  'a claim of lookups and its answer': async (tx) => {
    const held = await claimLookups(tx, KIND, BATCH, [], 'somebody')
    expect(held.ids).toHaveLength(BATCH)
    const answers = { found: [], answered: held.ids, missing: [] }
    expect(await answerLookups(tx, held, { believed: answers, doubted: [] }, 60_000)).toBe(true)
  },
  'a claim of lookups, released': async (tx) => {
    await releaseLookups(tx, await claimLookups(tx, KIND, BATCH, [], 'somebody'), { inMs: 0, failed: false })
  },
  'a count for a list': (tx) => readLookups(tx, [job]),
  "a report's count of lookups": (tx) => lookupsOf(tx, job),
  'what a tick of the scheduler asks first': (tx) => openWork(tx, true),
})

const count = async (job: string): Promise<Record<string, number>> => {
  const rows: Record<string, number> = {}
  for (const [name, work] of Object.entries(works(job))) rows[name] = await rowsReadBy(db, work)
  return rows
}

test('lookups that wait: as many rows are read with 20,000 of them as with 1,000', async () => {
  const first = await wait(0, 100)
  await db.query('analyze backhaul.lookups, backhaul.jobs')
  const few = await count(first)
  const last = await wait(100, 2_000)
  await db.query('analyze backhaul.lookups, backhaul.jobs')
  const many = await count(last)
  for (const [name, rows] of Object.entries(many))
    expect({ name, more: Math.max(0, rows - (few[name] ?? 0) - 10 * BATCH) }).toEqual({ name, more: 0 })
}, 60_000)

/** Work of a running job that is due in an hour. */
async function later(job: string, from: number, to: number): Promise<void> {
  await db.query(
    `with work as (select n, now() + interval '1 hour' as due_at from generate_series($2::int, $3::int - 1) n), lookups as (
       insert into backhaul.lookups (kind, id, jobs, priority, due_at, asked_at)
       select $4, n, array[$1::uuid], 5, due_at, now() - interval '1 minute' from work), deliveries as (
       insert into backhaul.deliveries (webhook_id, key, payload, due_at) select w.id, n, '{}', due_at from work, backhaul.webhooks w), schedules as (
       insert into backhaul.schedules (name, cron, source, params, tick_at, due_at) select n, '@daily', 'eve', '{}', due_at, due_at from work)
     insert into backhaul.tasks (job_id, stream, key, queue, priority, state, cursor, due_at)
     select $1, 'kills', n, 'zkillboard_backfill_queue', 2, 'ready', '{}', due_at from work`,
    [job, from, to, KIND],
  )
  await db.query('analyze backhaul.tasks, backhaul.lookups, backhaul.deliveries, backhaul.schedules')
}

const TAKES: Record<string, (tx: Tx) => Promise<unknown>> = {
  'a wake-up of all queues': (tx) => markWoken(tx),
  'a wake-up of one queue': (tx) => markWoken(tx, 'zkillboard_backfill_queue'),
  'a more urgent task': async (tx) => {
    const [task] = await tx.query<{ id: bigint }>('select id from backhaul.tasks order by id limit 1')
    await mostUrgent(tx, 'zkillboard_backfill_queue', task?.id ?? 0n)
  },
  'queues without workers': (tx) => unattended(tx, sources, new Map()),
  'a wake-up of lookups': (tx) => wakeLookups(tx, broker, KIND, { queue: 'esi_character_info_queue', batch: BATCH }),
  'a claim of lookups': (tx) => claimLookups(tx, KIND, BATCH, [], 'somebody'),
  'a claim of deliveries': (tx) => claimDue(tx, BATCH, {}, BATCH),
  'what a tick of the scheduler asks first': (tx) => openWork(tx, true),
  'the start of schedules': async (tx) => {
    await startSchedules({ db: { ...db, query: tx.query }, log: quiet, sources })
  },
}

test('work that is due later: as many rows are read with 20,000 of it as with 1,000', async () => {
  const takes = async () => {
    const rows: Record<string, number> = {}
    for (const [name, work] of Object.entries(TAKES)) rows[name] = await rowsReadBy(db, work)
    return rows
  }
  await db.query(`insert into backhaul.webhooks (id, url, events, secret) values (gen_random_uuid(), 'u', '{*}', 's')`)
  const [job] = await db.query<{ id: string }>(
    `insert into backhaul.jobs (source, params, bounded_by, priority, admitted, status)
     values ('eve', '{}', 'zkillboard_backfill_queue', 1, true, 'running') returning id`,
  )
  await later(job?.id ?? '', 0, 1_000)
  const few = await takes()
  await later(job?.id ?? '', 1_000, 20_000)
  const many = await takes()
  for (const [name, rows] of Object.entries(many))
    expect({ name, more: Math.max(0, rows - (few[name] ?? 0) - 10 * BATCH) }).toEqual({ name, more: 0 })
}, 60_000)

test('the use of limits is read from its last minutes and from jobs that run, however much history there is and however many jobs wait', async () => {
  await db.query(
    `with j as (insert into backhaul.jobs (source, params, bounded_by) select 'eve', '{}', 'zkillboard_backfill_queue' from generate_series(1, 5000)
                returning id)
     insert into backhaul.tasks (job_id, stream, key, queue, state, cursor, waiting_on, due_at)
     select id, 'kills', 'again', 'zkillboard_backfill_queue', 'ready', '{}', 'zkillboard', now() + interval '1 hour' from j`,
  )
  await db.query(
    `insert into backhaul.samples (minute, name, labels, value)
     select now() - n * interval '1 minute', '${READINGS.use}', '{"limit": "esi"}', 1 from generate_series(0, 10000) n`,
  )
  await db.query('analyze backhaul.samples, backhaul.jobs, backhaul.tasks')
  expect(await rowsReadBy(db, (tx) => listLimits({ db: { ...db, ...tx }, limits: new Map(), sources }))).toBeLessThan(100)
})

test('plans that were made while the table was small read it a few times at most, not once for each id', async () => {
  for (let n = 0; n < 8; n++) await count(await wait(n * 10, n * 10 + 10))
  const many = await count(await wait(100, 2_000))
  for (const [name, rows] of Object.entries(many)) expect({ name, often: rows > 8 * 20_000 }).toEqual({ name, often: false })
}, 60_000)

test('a tick of the scheduler that has nothing to do sends two statements, and one for expired rows', async () => {
  const lockDb = openDb(env.databaseUrl, { name: 'lock', max: 1 })
  const ticks: number[] = []
  let statements = 0
  const counting = (on: Db): Db => ({
    ...on,
    query: (...args) => {
      statements++
      return on.query(...args)
    },
    tx: (work) => {
      ticks.push(++statements)
      return on.tx(work)
    },
  })
  const scheduler = createScheduler({ db: counting(db), lockDb: counting(lockDb), broker, sources, log: quiet })
  scheduler.start()
  await until(() => ticks.length > 18)
  await scheduler.stop()
  await lockDb.close()
  // A new scheduler looks for expired rows, of one table in a tick; the first tick, and every 20th, checks for alerts.
  expect((ticks[17] as number) - (ticks[15] as number)).toBe(6)
}, 60_000)
