import type { Log } from '../../backend/base/log'
import type { AlertCheck, Source } from '../../backend/contract'
import { type Db, openDb } from '../../backend/database/db'
import { startJob } from '../../backend/engine/jobs/verbs'
import { watchAlerts } from '../../backend/engine/upkeep/alerts'
import { sourceAlerts } from '../../backend/engine/upkeep/source-checks'
import { listAlerts } from '../../backend/service/suite/alerts'
import { checkEvents } from '../../backend/service/webhooks/check'
import { countingSource, countingTask } from '../support/counting-source'
import { type TestDatabase, testDatabase } from '../support/env'
import { quiet } from '../support/suite'
import { until } from '../support/until'

/* What a source finds wrong becomes an alert as the engine's own do. */

let env: TestDatabase
let db: Db
let now: number
let lines: string[]
let asked: string[]
let stop = async () => {}

const LOG: Log = { ...quiet, warn: (line) => lines.push(line), info: (line) => lines.push(line), error: (line) => lines.push(line) }
const wrong: AlertCheck = {
  about: 'A thing that is wrong.',
  async find(reader) {
    asked.push('wrong')
    const rows = await reader.query<{ name: string }>('select name from wrongs')
    return rows.map(({ name }) => ({ subject: name, message: `${name} is wrong` }))
  },
}
const broken: AlertCheck = { about: 'A check that fails.', find: (reader) => reader.query('select * from nothing_of_the_kind') }

beforeAll(async () => {
  env = await testDatabase()
  db = openDb(env.databaseUrl, { max: 5 })
  await db.query('create table wrongs (name text)')
}, 120_000)
afterAll(async () => {
  await db?.close()
  await env?.close()
})
beforeEach(async () => {
  await db.tx((tx) => tx.query('truncate wrongs, backhaul.alerts, backhaul.events_outbox'))
  now = 0
  lines = []
  asked = []
})
afterEach(() => stop())

function watch(checks: Source['checks'], more: Partial<Source> = {}) {
  const source = { ...countingSource({ pages: 1, rowsPerPage: 1, tasks: [] }), checks, ...more }
  const it = watchAlerts({ db, log: LOG, sources: [source], stallMs: 60_000, checkMs: 300, now: () => now })
  stop = it.stop
  return {
    /** Goes on in time, a check every ten seconds, until this holds. */
    until: (holds: () => Promise<boolean>) =>
      until(
        async () => {
          now += 10_000
          await it.check()
          return await holds()
        },
        { what: 'the alerts' },
      ),
  }
}
const alerts = async () => (await listAlerts({ db }, {}, { limit: 200 })).items.map(({ kind, message }) => `${kind}: ${message}`)
const events = async () =>
  (
    await db.query<{ key: string; subject: string }>(`select key, payload ->> 'subject' as subject from backhaul.events_outbox order by id`)
  ).map(({ key, subject }) => `${key} ${subject}`)
const found = (...names: string[]) => db.query('insert into wrongs select unnest($1::text[])', [names])

test('an alert is raised once, stays one while it is found, and is cleared by itself', async () => {
  await found('a', 'b')
  const it = watch({ wrong })
  await it.until(async () => (await alerts()).length === 2)
  const rounds = asked.length
  await it.until(async () => asked.length > rounds + 2)
  expect(await alerts()).toEqual(['counting.wrong: a is wrong', 'counting.wrong: b is wrong'])
  expect(await events()).toEqual(['counting.wrong a', 'counting.wrong b'])
  await db.query(`delete from wrongs where name = 'a'`)
  await it.until(async () => (await alerts()).length === 1)
  expect(await events()).toEqual(['counting.wrong a', 'counting.wrong b', 'counting.wrong.cleared a'])
  expect(lines).toEqual(['Alert: a is wrong', 'Alert: b is wrong', 'Alert cleared'])
})

test('is asked once a minute, and knows the settings of its source', async () => {
  const seen: unknown[] = []
  const it = watch({
    wrong: {
      ...wrong,
      find: async (_, settings) => {
        seen.push(settings)
        return []
      },
    },
  })
  await it.until(async () => now >= 600_000)
  // A call may begin late, so that fewer fit in; never more.
  expect(seen.length).toBeGreaterThan(3)
  expect(seen.length).toBeLessThanOrEqual(11)
  expect(seen[0]).toEqual({})
})

test('a check that fails stops no other, and its alerts stay', async () => {
  await found('a')
  await db.query(`insert into backhaul.alerts (kind, subject, message, since) values ('counting.broken', 'x', 'found before', now())`)
  const it = watch({ broken, wrong })
  await it.until(async () => (await alerts()).length === 2)
  expect(await alerts()).toEqual(expect.arrayContaining(['counting.broken: found before', 'counting.wrong: a is wrong']))
  expect(lines).toEqual(expect.arrayContaining([expect.stringMatching(/^Checking counting.broken failed: .*nothing_of_the_kind/)]))
})

test('a check that takes too long is cut off, and delays nothing meanwhile', async () => {
  await found('a')
  const it = watch({ slow: { about: 'Sleeps.', find: (reader) => reader.query('select pg_sleep(60)') }, wrong })
  await db.query(`insert into backhaul.gates (name, open_until) values ('upstream', now() + interval '1 minute')`)
  await it.until(async () => (await alerts()).some((one) => one.startsWith('breaker_tripped')))
  expect(await alerts()).toHaveLength(1)
  await it.until(async () => (await alerts()).includes('counting.wrong: a is wrong'))
  expect(lines).toEqual(expect.arrayContaining([expect.stringMatching(/^Checking counting.slow failed: .*statement timeout/)]))
  await db.query('delete from backhaul.gates')
})

test('many subjects are a hundred alerts and one that counts the others', async () => {
  await found(...Array.from({ length: 130 }, (_, n) => `s${n}`))
  const it = watch({ wrong })
  await it.until(async () => (await alerts()).length > 0)
  const all = await alerts()
  expect(all).toHaveLength(101)
  expect(all).toContain('counting.wrong: 30 more subjects of counting.wrong are not shown')
})

test('an alert whose check is gone is cleared', async () => {
  await db.query(`insert into backhaul.alerts (kind, subject, message, since) values ('counting.former', 'x', 'found before', now())`)
  const it = watch({ wrong })
  await it.until(async () => (await alerts()).length === 0)
  expect(await events()).toEqual(['counting.former.cleared x'])
})

test('its events can be subscribed to', () => {
  const source = { ...countingSource({ pages: 1, rowsPerPage: 1, tasks: [] }), checks: { wrong, broken } }
  expect(sourceAlerts([source])).toEqual({ 'counting.wrong': wrong.about, 'counting.broken': broken.about })
  expect(checkEvents({ sources: [source] }, ['counting.wrong', 'counting.*'])).toEqual(['counting.wrong', 'counting.*'])
})

test('a check may ask which jobs of its source no worker takes', async () => {
  const idle: AlertCheck = {
    about: 'Jobs that nobody works on.',
    find: async (_, __, { untaken }) => (await untaken(60_000)).map((id) => ({ subject: id, message: 'no worker' })),
  }
  const source = countingSource({ pages: 1, rowsPerPage: 1, tasks: [countingTask('a')] })
  const engine = { db, log: quiet, sources: [source, { ...source, name: 'another' }] }
  const begin = async (of = source) => (await startJob(engine, of, { name: `${of.name} ${Math.random()}` })).id
  const [late, fresh, held] = [await begin(), await begin(), await begin()]
  await begin({ ...source, name: 'another' })
  await db.query(`update backhaul.tasks set due_at = due_at - interval '2 minutes' where job_id <> $1`, [fresh])
  await db.query(`update backhaul.tasks set claim = 1 where job_id = $1`, [held])
  await db.query(`update backhaul.jobs set admitted = true`)
  const it = watch({ idle })
  const idleJobs = async () => (await listAlerts({ db })).items.flatMap(({ kind, subject }) => (kind === 'counting.idle' ? [subject] : []))
  await it.until(async () => (await idleJobs()).length > 0)
  expect(await idleJobs()).toEqual([late])
  await db.query(`update backhaul.tasks set due_at = clock_timestamp()`)
  await it.until(async () => (await idleJobs()).length === 0)
})
