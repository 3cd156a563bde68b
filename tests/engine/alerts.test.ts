import { z } from 'zod'
import type { Log } from '../../backend/base/log'
import { defineFeed, type Source } from '../../backend/contract'
import { type Db, openDb } from '../../backend/database/db'
import { startJob } from '../../backend/engine/jobs/verbs'
import { watchAlerts } from '../../backend/engine/upkeep/alerts'
import { fanOut } from '../../backend/engine/upkeep/fan-out'
import { acknowledgeAlerts, alertGroups, listAlerts } from '../../backend/service/suite/alerts'
import type { Depth } from '../../queues/depths'
import type { QueueName } from '../../queues/names'
import { countingSource, countingTask } from '../support/counting-source'
import { type TestDatabase, testDatabase } from '../support/env'
import { quiet } from '../support/suite'
import { until } from '../support/until'

let env: TestDatabase
let db: Db
let now: number
let logged: string[]
let letters: Record<string, number> | undefined
/** Messages that nobody has taken yet. */
let ready: number
let asked: number
let sources: Source[]

beforeAll(async () => {
  env = await testDatabase()
  db = openDb(env.databaseUrl, { max: 5 })
  const counting = countingSource({ pages: 3, rowsPerPage: 1, tasks: [countingTask('a'), countingTask('b', 'other')] })
  sources = [
    {
      ...counting,
      workers: { ...counting.workers, 'worker-numbers': { queues: [FEED], concurrency: 1 } },
      feeds: {
        numbers: defineFeed({
          about: 'numbers, for tests',
          queue: FEED,
          batch: 1,
          lingerMs: 0,
          maxBytes: 1000,
          read: () => ({ items: [], rejected: [] }),
          write: async () => ({ new: 0, updated: 0, unchanged: 0 }),
        }),
      },
      lookups: {
        thing: {
          queue: 'esi_type_info_queue',
          id: z.string(),
          batch: 10,
          freshMs: 1000,
          read: async () => ({ found: [], answered: [], missing: [] }),
          write: async () => undefined,
        },
      },
    },
  ]
}, 120_000)
afterAll(async () => {
  await db?.close()
  await env?.close()
})
beforeEach(async () => {
  await db.tx((tx) =>
    tx.query('truncate backhaul.jobs, backhaul.lookups, backhaul.alerts, backhaul.gates, backhaul.workers, backhaul.events_outbox cascade'),
  )
  now = Date.now()
  logged = []
  letters = undefined
  ready = 0
  asked = 0
})

const QUEUE = 'zkillboard_backfill_queue'
const FEED = 'tf2_listing_events_queue'
const STALL_MS = 15 * 60_000
const depthOf = (dead: number): Depth => ({ ready, consumers: 0, dead })
function watch() {
  const log: Log = { ...quiet, warn: (text) => logged.push(text), info: (text) => logged.push(text) }
  const read = async () => {
    asked++
    return letters && new Map(Object.entries(letters).map(([queue, dead]) => [queue as QueueName, depthOf(dead)]))
  }
  return watchAlerts({ db, log, sources, stallMs: STALL_MS, depths: { read }, now: () => now })
}
const events = async () => (await db.query<{ key: string }>('select key from backhaul.events_outbox order by id')).map((row) => row.key)
const kinds = async () => (await listAlerts({ db })).items.map((alert) => `${alert.kind} ${alert.subject}`)
const begin = async (name = 'a') => (await startJob({ db, log: quiet, sources }, sources[0] as Source, { name })).id
const workerFor = (queue: string) =>
  db.query(`insert into backhaul.workers (id, app, host, pid, queues, concurrency) values ($1, 'w', 'h', 1, array[$1], 1)`, [queue])
const minutes = (n: number) => n * 60_000
/** Advances the clock by `ms`, checking every five seconds. */
async function pass(it: { check(): Promise<void> }, ms: number): Promise<void> {
  for (const end = now + ms; now < end; ) {
    now += 5_000
    await it.check()
  }
}

describe('a queue without a worker', () => {
  test('is reported once after 30 s, and cleared once when a worker is there', async () => {
    await begin()
    const it = watch()
    await pass(it, 30_000)
    expect(await kinds()).toEqual([])
    await pass(it, 60_000)
    expect((await listAlerts({ db })).items).toEqual([
      {
        kind: 'queue_unattended',
        subject: QUEUE,
        message: `work is due on ${QUEUE} and no worker takes it: worker-counting is not running`,
        hint: 'npx pm2 start ecosystem.config.js --only worker-counting',
        target: { kind: 'queue', id: QUEUE },
        since: expect.any(String),
        acknowledged: null,
      },
    ])
    await workerFor(QUEUE)
    await pass(it, 60_000)
    expect(await kinds()).toEqual([])
    expect(await events()).toEqual(['alert.queue_unattended', 'alert.queue_unattended.cleared'])
    expect(logged).toEqual([expect.stringMatching(/^Alert: work is due on/), 'Alert cleared'])
  })

  test('a worker that is back within 30 s raises no alert', async () => {
    await begin()
    const it = watch()
    for (let n = 0; n < 5; n++) {
      await pass(it, 25_000)
      await workerFor(QUEUE)
      await pass(it, 5_000)
      await db.query('delete from backhaul.workers')
    }
    expect(await events()).toEqual([])
  })

  test('paused jobs and work that is not due need no worker; lookups do', async () => {
    const id = await begin()
    await db.query(`update backhaul.jobs set status = 'paused', admitted = false where id = $1`, [id])
    await db.query(`insert into backhaul.lookups (kind, id, due_at) values ('thing', '1', now() + interval '1 hour')`)
    const it = watch()
    await pass(it, 60_000)
    expect(await kinds()).toEqual([])
    await db.query('update backhaul.lookups set due_at = now()')
    await pass(it, 60_000)
    expect(await kinds()).toEqual(['queue_unattended esi_type_info_queue'])
  })

  test('messages of a feed are work; while the broker is unreachable the last count holds', async () => {
    letters = { [FEED]: 0 }
    ready = 3
    const it = watch()
    await pass(it, 90_000)
    expect((await listAlerts({ db })).items).toMatchObject([
      { kind: 'queue_unattended', subject: FEED, message: `work is due on ${FEED} and no worker takes it: worker-numbers is not running` },
    ])
    letters = undefined
    await pass(it, 60_000)
    expect(await kinds()).toEqual([`queue_unattended ${FEED}`])
    await workerFor(FEED)
    await pass(it, 5_000)
    expect(await kinds()).toEqual([])
    await db.query('delete from backhaul.workers')
    letters = { [FEED]: 0 }
    ready = 0
    await pass(it, 90_000)
    expect(await kinds()).toEqual([])
  })

  test('another scheduler that takes over neither repeats nor forgets', async () => {
    await begin()
    await pass(watch(), 60_000)
    const [first] = (await listAlerts({ db })).items
    const next = watch()
    await pass(next, 60_000)
    expect((await listAlerts({ db })).items).toEqual([first])
    await Promise.all([watch().check(), watch().check(), next.check()])
    expect(await events()).toEqual(['alert.queue_unattended'])
  })
})

describe('a job without progress', () => {
  /** A running job that started long ago, whose tasks are as given. */
  async function running(tasks: string, started = '2 hours'): Promise<string> {
    await workerFor(QUEUE)
    const id = await begin()
    await db.query(`update backhaul.jobs set status = 'running', started_at = now() - $2::interval where id = $1`, [id, started])
    await db.query(`update backhaul.tasks set state = 'ready', ${tasks} where job_id = $1`, [id])
    return id
  }
  const PARKED = `waiting_on = 'zkillboard', due_at = now() + interval '20 minutes', paged_at = now() - interval '1 hour'`

  test('is reported once as job.stalled, and cleared once when a page comes', async () => {
    const id = await running(
      `paged_at = now() - interval '16 minutes', attempts = 3, error = 'no answer in 30 s', due_at = now() + interval '5 minutes'`,
    )
    const it = watch()
    await pass(it, minutes(15))
    expect(await kinds()).toEqual([])
    await pass(it, minutes(2))
    const [alert] = (await listAlerts({ db })).items
    expect(alert).toMatchObject({
      kind: 'job_stalled',
      subject: id,
      message: expect.stringMatching(/^job [0-9a-f]{8} \(a\) has committed no page since .*; the last error: no answer in 30 s$/),
    })
    await db.query(`update backhaul.tasks set paged_at = now() where id = (select min(id) from backhaul.tasks)`)
    await pass(it, minutes(1))
    expect(await events()).toEqual(['job.stalled', 'job.stalled.cleared'])
    const [event] = await db.query<{ payload: object }>('select payload from backhaul.events_outbox order by id limit 1')
    expect(event?.payload).toMatchObject({ kind: 'job_stalled', job: id, source: 'counting', since: alert?.since })
    expect(await fanOut(db)).toBe(2)
  })

  test.each([
    ['whose tasks are all parked at a gate', PARKED, false],
    ['that has waited at a gate for more than a day', `${PARKED.replace('1 hour', '25 hours')}`, false],
    ['of whose tasks one waits for a worker', `${PARKED.replace("'zkillboard'", "case when key = 'a' then 'zkillboard' end")}`, false],
    ['all of whose tasks wait for a worker or their turn', `paged_at = now() - interval '16 minutes'`, false],
    [
      'with one task that tries again beside parked ones',
      `${PARKED.replace("'zkillboard'", "case when key = 'a' then 'zkillboard' end")}, attempts = 1`,
      true,
    ],
    [
      'with a page in hand beside parked ones',
      `${PARKED}, claim = case when key = 'a' then 1 end, holder = 'w', claimed_at = now()`,
      false,
    ],
    [
      'whose page in hand never ends',
      `${PARKED}, claim = case when key = 'a' then 1 end, holder = 'w', claimed_at = now() - interval '1 hour'`,
      true,
    ],
    ['with a page of late', `paged_at = now() - interval '14 minutes'`, false],
  ])('one %s', async (_, tasks, isStalled) => {
    await running(tasks, '2 days')
    await pass(watch(), minutes(17))
    expect((await kinds()).some((kind) => kind.startsWith('job_stalled'))).toBe(isStalled)
  })

  test('one that is resumed after a long pause has not stalled; one that ends or is paused is over', async () => {
    const id = await running(`paged_at = now() - interval '5 hours', attempts = 3`)
    const set = (status: string) =>
      db.query(`update backhaul.jobs set status = $2::backhaul.job_status, admitted = $2 = 'running' where id = $1`, [id, status])
    await set('paused')
    const it = watch()
    await pass(it, minutes(20))
    await set('running')
    await pass(it, minutes(10))
    expect(await kinds()).toEqual([])
    await pass(it, minutes(7))
    expect(await kinds()).toEqual([`job_stalled ${id}`])
    await set('paused')
    await pass(it, minutes(1))
    expect(await events()).toEqual(['job.stalled', 'job.stalled.cleared'])
  })
})

test('a tripped breaker is reported at once, by API, and cleared when it closes or is no longer asked', async () => {
  const it = watch()
  const open = (name: string, until: string) =>
    db.query(
      `insert into backhaul.gates (name, failures, open_until) values ($1, 5, now() + $2::interval)
       on conflict (name) do update set open_until = excluded.open_until`,
      [name, until],
    )
  await open('zkillboard', '20 seconds')
  for (const host of 'abcde') await open(`pds:${host}.example`, '20 seconds')
  await it.check()
  await open('zkillboard', '-10 seconds')
  await it.check()
  expect((await listAlerts({ db })).items.map((alert) => alert.message)).toEqual([
    expect.stringMatching(/^requests to pds fail one after the other for pds:a.example, pds:b.example, pds:c.example and others:/),
    expect.stringMatching(/^requests to zkillboard fail one after the other:/),
  ])
  await db.query(`update backhaul.gates set failures = 0, open_until = null where name = 'zkillboard'`)
  await db.query(`update backhaul.gates set open_until = now() - interval '3 minutes' where name <> 'zkillboard'`)
  await it.check()
  expect((await events()).sort()).toEqual([
    ...['alert.breaker_tripped', 'alert.breaker_tripped', 'alert.breaker_tripped.cleared', 'alert.breaker_tripped.cleared'],
  ])
})

describe('dead letters', () => {
  /** Checks until the broker was asked again and its answer was seen. */
  async function ask(it: { check(): Promise<void> }, dead: Record<string, number> | undefined): Promise<void> {
    letters = dead
    const before = asked
    now += 30_000
    await it.check()
    expect(asked).toBe(before + 1)
    await it.check()
    expect(asked).toBe(before + 1)
  }
  const messages = async () => (await listAlerts({ db })).items.map((alert) => alert.message.split(' ')[0])

  test('are reported when there are some and again when there are twice as many, and cleared when there are none', async () => {
    const it = watch()
    await ask(it, { [QUEUE]: 0, esi_type_info_queue: 0 })
    expect(await events()).toEqual([])
    await ask(it, { [QUEUE]: 3, esi_type_info_queue: 0 })
    expect((await listAlerts({ db })).items).toMatchObject([
      { kind: 'dead_letters_growing', subject: QUEUE, message: expect.stringMatching(/^3 messages were rejected/) },
    ])
    await ask(it, { [QUEUE]: 5, esi_type_info_queue: 0 })
    expect([await events(), await messages()]).toEqual([['alert.dead_letters_growing'], ['3']])
    // Another scheduler goes on where this one stopped.
    const next = watch()
    await ask(next, { [QUEUE]: 6, esi_type_info_queue: 0 })
    expect([await events(), await messages()]).toEqual([['alert.dead_letters_growing', 'alert.dead_letters_growing'], ['6']])
    // Somebody lists them, the broker is unreachable, somebody has put them back.
    await ask(next, { [QUEUE]: 0, esi_type_info_queue: 0 })
    await ask(next, undefined)
    await ask(next, { [QUEUE]: 6, esi_type_info_queue: 0 })
    expect(await messages()).toEqual(['6'])
    for (let n = 0; n < 2; n++) await ask(next, { [QUEUE]: 0, esi_type_info_queue: 0 })
    expect(await messages()).toEqual([])
    expect((await events()).at(-1)).toBe('alert.dead_letters_growing.cleared')
  })

  test('a broker that does not answer delays no check', async () => {
    const it = watchAlerts({
      db,
      log: quiet,
      sources,
      stallMs: STALL_MS,
      depths: { read: () => new Promise(() => undefined) },
      now: () => now,
    })
    await until(async () => {
      await it.check()
      return true
    })
  })
})

describe('an acknowledgement', () => {
  const actor = { who: 'admin', address: '10.0.0.7', entryPoint: 'rest' as const }
  const service = () => ({ db, log: quiet, sources })
  const dead = async (it: { check(): Promise<void> }, counts: Record<string, number>) => {
    letters = counts
    now += 30_000
    await it.check()
    await it.check()
  }
  const acknowledged = async () => (await listAlerts({ db })).items.map(({ subject, acknowledged: by }) => [subject, by?.by ?? null])

  test('is seen by all with who and when, stays while the alert stays the same, and ends with it or when it has grown', async () => {
    const it = watch()
    await dead(it, { [QUEUE]: 3, esi_type_info_queue: 1 })
    expect(await acknowledgeAlerts(service(), actor, { kind: 'dead_letters_growing', subjects: [QUEUE] })).toBe(1)
    expect(await acknowledgeAlerts(service(), actor, { kind: 'dead_letters_growing', subjects: [QUEUE] })).toBe(0)
    await dead(it, { [QUEUE]: 4, esi_type_info_queue: 1 })
    expect((await listAlerts({ db })).items.find(({ subject }) => subject === QUEUE)?.acknowledged).toEqual({
      at: expect.any(String),
      by: 'admin',
      from: '10.0.0.7',
    })
    expect(await alertGroups(service())).toMatchObject([
      {
        kind: 'dead_letters_growing',
        sentence: '2 queues have dead letters',
        alerts: 2,
        acknowledged: 1,
        first: { subject: 'esi_type_info_queue' },
      },
    ])
    await dead(it, { [QUEUE]: 6, esi_type_info_queue: 1 })
    expect(await acknowledged()).toContainEqual([QUEUE, null])
    await acknowledgeAlerts(service(), actor, { kind: 'dead_letters_growing' })
    for (let n = 0; n < 2; n++) await dead(it, { [QUEUE]: 0, esi_type_info_queue: 1 })
    await dead(it, { [QUEUE]: 1, esi_type_info_queue: 1 })
    expect(await acknowledged()).toEqual(
      expect.arrayContaining([
        [QUEUE, null],
        ['esi_type_info_queue', 'admin'],
      ]),
    )
    expect(await acknowledgeAlerts(service(), actor, { kind: 'dead_letters_growing' }, true)).toBe(1)
  })

  test('of a whole kind leaves out what was raised after its reader read them', async () => {
    const raised = (subject: string) =>
      db.query(`insert into backhaul.alerts (kind, subject, message, since) values ('held', $1, 'waits', clock_timestamp())`, [subject])
    await raised('a')
    const [seen] = await alertGroups(service())
    await until(() => Date.now() > Date.parse(seen?.latest ?? ''))
    await raised('b')
    expect(await acknowledgeAlerts(service(), actor, { kind: 'held', until: seen?.latest })).toBe(1)
    expect(await acknowledged()).toEqual([
      ['a', 'admin'],
      ['b', null],
    ])
  })
})

test('a thousand alerts of a kind are one group, read page by page', async () => {
  await db.query(
    `insert into backhaul.alerts (kind, subject, message, target_kind, target_id) select 'job_stalled', n, 'stands', 'job', n from generate_series(1, 1000) n`,
  )
  const [group, ...others] = await alertGroups({ db, sources })
  expect([group, others]).toMatchObject([{ sentence: '1,000 jobs make no progress', alerts: 1000, first: { target: { kind: 'job' } } }, []])
  const seen = new Set<string>()
  for (let cursor: string | undefined; ; ) {
    const page = await listAlerts({ db }, { kind: 'job_stalled' }, { limit: 150, cursor })
    for (const { subject } of page.items) seen.add(subject)
    if (page.next === null) break
    cursor = page.next
  }
  expect(seen.size).toBe(1000)
})

test('a schedule that starts nothing and a webhook whose deliveries fail are alerts that lead there, and end by themselves', async () => {
  await db.query('truncate backhaul.schedules, backhaul.webhooks cascade')
  await db.query(
    `insert into backhaul.schedules (name, cron, source, params, tick_at, due_at, error) values ('nightly', '@daily', 'counting', '{}', now(), now(), 'name is missing')`,
  )
  const [webhook] = await db.query<{ id: string }>(
    `insert into backhaul.webhooks (url, events, secret) values ('https://user:secret@hooks.example.org:8443/x?token=1', '{*}', 's') returning id::text`,
  )
  const deliver = (state: string) =>
    db.query(
      `insert into backhaul.deliveries (webhook_id, key, payload, state, created_at) values ($1, 'k', '{}', $2::backhaul.delivery_state, clock_timestamp())`,
      [webhook?.id, state],
    )
  await deliver('pending')
  const it = watch()
  await it.check()
  expect(await kinds()).toEqual(['schedule_failed nightly'])
  await deliver('failed')
  await it.check()
  expect((await listAlerts({ db })).items).toMatchObject([
    { message: 'the schedule nightly started no job at its last tick: name is missing', target: { kind: 'schedule' } },
    { message: 'the webhook to hooks.example.org gets no event: its last deliveries failed', target: { kind: 'webhook', id: webhook?.id } },
  ])
  await deliver('delivered')
  await db.query('update backhaul.schedules set error = null')
  await it.check()
  expect(await kinds()).toEqual([])
  expect(await events()).toEqual(
    ['schedule_failed', 'webhook_failing', 'schedule_failed.cleared', 'webhook_failing.cleared'].map((key) => `alert.${key}`),
  )
  await db.query('truncate backhaul.schedules, backhaul.webhooks cascade')
})
