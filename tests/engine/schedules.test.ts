import type { Refused } from '../../backend/base/errors'
import { readConfig } from '../../backend/config/config'
import type { Source } from '../../backend/contract'
import { type Db, openDb } from '../../backend/database/db'
import { createScheduler } from '../../backend/engine/upkeep/scheduler'
import { startSchedules } from '../../backend/engine/upkeep/schedules'
import type { NewSchedule } from '../../backend/service/schedules/check'
import {
  addSchedule,
  changeSchedule,
  getSchedule,
  listSchedules,
  pauseSchedule,
  removeSchedule,
  resumeSchedule,
  runSchedule,
} from '../../backend/service/schedules/schedules'
import { type Broker, openBroker } from '../../queues/broker'
import { countingSource, countingTask } from '../support/counting-source'
import { type TestEnv, testEnv } from '../support/env'
import { quiet } from '../support/suite'
import { until } from '../support/until'

let env: TestEnv
let db: Db
let other: Db
let broker: Broker
let sources: Source[]
const closing: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  env = await testEnv()
  db = openDb(env.databaseUrl, { max: 5 })
  other = openDb(env.databaseUrl)
  broker = openBroker({ url: env.rabbitmqUrl, name: 'schedules', log: quiet })
  await broker.ready()
  sources = [countingSource({ pages: 1, rowsPerPage: 1, tasks: [countingTask('a')] })]
}, 120_000)

afterAll(async () => {
  await broker?.close()
  await Promise.all([db?.close(), other?.close()])
  await env?.close()
})

beforeEach(() => db.tx((tx) => tx.query('truncate backhaul.jobs, backhaul.schedules, backhaul.inbox cascade')))
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const engine = (of = db) => ({ db: of, broker, sources, log: quiet })
const asked = (more: Partial<NewSchedule> = {}): NewSchedule => ({
  name: 'nightly',
  cron: '0 * * * *',
  source: 'counting',
  params: { name: 'a' },
  ...more,
})
const add = (more: Partial<NewSchedule> = {}) => addSchedule(engine(), asked(more))
/** Plans a schedule as if it had been left alone since this tick. */
const planned = (id: string, tick: Date) => db.query('update backhaul.schedules set tick_at = $2, due_at = $2 where id = $1', [id, tick])
const at = (text: string) => new Date(text)
const jobs = () => db.query<{ id: string; params: { name: string } }>('select id, params from backhaul.jobs order by created_at')
const ticksTaken = async () =>
  (
    await db.query<{ tick: string }>(
      `select split_part(message_id, '@', 2) as tick from backhaul.inbox where queue = 'schedule' order by 1`,
    )
  ).map((row) => row.tick)
/** Ends whatever runs, so that the next tick's job is one of its own. */
const endAll = () => db.query(`update backhaul.jobs set status = 'completed', completed_at = now()`)

describe('ticks', () => {
  test('a tick starts its job once and plans the next', async () => {
    const { id } = await add()
    await planned(id, at('2030-01-01T05:00:00Z'))
    expect(await startSchedules(engine(), at('2030-01-01T04:59:59Z'))).toEqual([])
    expect(await startSchedules(engine(), at('2030-01-01T05:00:00.100Z'))).toMatchObject([{ name: 'nightly', job: { created: true } }])
    expect(await startSchedules(engine(), at('2030-01-01T05:00:01Z'))).toEqual([])
    const [job] = await jobs()
    expect(await getSchedule(engine(), 'nightly')).toMatchObject({
      nextAt: '2030-01-01T06:00:00.000Z',
      lastAt: '2030-01-01T05:00:00.000Z',
      lastJob: job?.id,
      error: null,
    })
  })

  test('while its job is still active a tick finds that job', async () => {
    const { id } = await add()
    await planned(id, at('2030-01-01T05:00:00Z'))
    await startSchedules(engine(), at('2030-01-01T05:00:00Z'))
    expect(await startSchedules(engine(), at('2030-01-01T06:00:00Z'))).toMatchObject([{ job: { created: false } }])
    expect(await jobs()).toHaveLength(1)
    await endAll()
    expect(await startSchedules(engine(), at('2030-01-01T07:00:00Z'))).toMatchObject([{ job: { created: true } }])
    expect(await jobs()).toHaveLength(2)
  })

  test('missed ticks are skipped, and the schedule says so', async () => {
    const { id } = await add()
    await planned(id, at('2030-01-01T05:00:00Z'))
    expect(await startSchedules(engine(), at('2030-01-01T09:30:00Z'))).toMatchObject([
      { leftOut: true, error: expect.stringContaining('skipped') },
    ])
    expect(await getSchedule(engine(), id)).toMatchObject({
      nextAt: '2030-01-01T10:00:00.000Z',
      error: expect.stringMatching(/Missed tick 2030-01-01T05:00:00.000Z: no scheduler was running/),
    })
    await startSchedules(engine(), at('2030-01-01T10:00:00Z'))
    expect(await ticksTaken()).toEqual(['2030-01-01T10:00:00.000Z'])
    expect((await getSchedule(engine(), id)).error).toBeNull()
  })

  test('missed ticks are made up in order, at most a hundred', async () => {
    const { id } = await add({ missed: 'make_up' })
    await planned(id, at('2030-01-01T00:00:00Z'))
    const now = at('2030-01-11T00:30:00Z')
    const started = []
    for (let batch = await startSchedules(engine(), now); batch.length > 0; batch = await startSchedules(engine(), now))
      started.push(...batch)
    expect(started).toHaveLength(100)
    expect(started[0]).toMatchObject({ leftOut: true })
    expect(started.slice(1).every((tick) => tick.leftOut === false)).toBe(true)
    const ticks = await ticksTaken()
    expect([ticks[0], ticks.at(-1)]).toEqual(['2030-01-06T21:00:00.000Z', '2030-01-11T00:00:00.000Z'])
    expect(started.map((tick) => tick.tickAt.toISOString())).toEqual(ticks)
  })

  test('a source that is gone and params it refuses by now are kept as error; the next tick comes', async () => {
    const gone = await add({ name: 'gone' })
    const refused = await add({ name: 'refused' })
    await db.query(`update backhaul.schedules set source = 'telepathy' where id = $1`, [gone.id])
    await db.query(`update backhaul.schedules set params = '{"name": 7}' where id = $1`, [refused.id])
    for (const { id } of [gone, refused]) await planned(id, at('2030-01-01T05:00:00Z'))
    await startSchedules(engine(), at('2030-01-01T05:00:01Z'))
    expect(await getSchedule(engine(), 'gone')).toMatchObject({
      error: expect.stringContaining('telepathy'),
      nextAt: '2030-01-01T06:00:00.000Z',
    })
    expect(await getSchedule(engine(), 'refused')).toMatchObject({
      error: expect.stringMatching(/^name: /),
      nextAt: '2030-01-01T06:00:00.000Z',
    })
    expect(await jobs()).toEqual([])
  })

  test('what cannot be worked out is paused and does not hold up the others', async () => {
    const broken = await add({ name: 'broken' })
    const whole = await add({ name: 'whole' })
    await db.query(`update backhaul.schedules set cron = 'now and then' where id = $1`, [broken.id])
    for (const { id } of [broken, whole]) await planned(id, at('2030-01-01T05:00:00Z'))
    await startSchedules(engine(), at('2030-01-01T05:00:01Z'))
    expect(await getSchedule(engine(), 'broken')).toMatchObject({
      paused: true,
      nextAt: null,
      upcoming: [],
      error: expect.stringMatching(/paused$/),
    })
    expect(await jobs()).toHaveLength(1)
  })

  test('schedulers side by side start each tick once', async () => {
    const names = Array.from({ length: 12 }, (_, n) => `s${n}`)
    for (const name of names) {
      const { id } = await add({ name, missed: 'make_up', params: { name } })
      await planned(id, at('2030-01-01T00:00:00Z'))
    }
    const now = at('2030-01-01T02:00:30Z')
    const all = async (of: Db) => {
      const taken = []
      for (let batch = await startSchedules(engine(of), now); batch.length > 0; batch = await startSchedules(engine(of), now))
        taken.push(...batch)
      return taken
    }
    const taken = (await Promise.all([all(db), all(other), all(db), all(other)])).flat()
    expect(taken.map((tick) => `${tick.name}@${tick.tickAt.toISOString()}`).sort()).toEqual(
      names.flatMap((name) => ['00', '01', '02'].map((hour) => `${name}@2030-01-01T${hour}:00:00.000Z`)).sort(),
    )
    expect(await jobs()).toHaveLength(12)
  })

  test('a scheduler that dies before its commit has neither started nor passed the tick', async () => {
    const { id } = await add()
    await planned(id, at('2030-01-01T05:00:00Z'))
    const now = at('2030-01-01T05:00:01Z')
    const tx: Db['tx'] = (work) =>
      db.tx(async (tx) => {
        const done = await work(tx, tx.query)
        await tx.query('select pg_terminate_backend(pg_backend_pid())')
        return done
      })
    const dying = { ...engine(), db: { ...db, tx } as Db }
    await expect(startSchedules(dying, now)).rejects.toThrow()
    expect([await jobs(), await ticksTaken()]).toEqual([[], []])
    expect(await startSchedules(engine(), now)).toMatchObject([{ job: { created: true } }])
  })

  test('the schedulers of a suite start what is due by the clock of the database', async () => {
    const lockDbs = [openDb(env.databaseUrl, { max: 1 }), openDb(env.databaseUrl, { max: 1 })]
    const schedulers = lockDbs.map((lockDb, n) => createScheduler({ ...engine(n === 0 ? db : other), lockDb }))
    closing.push(async () => {
      await Promise.all(schedulers.map((one) => one.stop()))
      await Promise.all(lockDbs.map((one) => one.close()))
    })
    for (const one of schedulers) one.start()
    const { id } = await add({ cron: '* * * * * *' })
    await until(async () => (await ticksTaken()).length >= 3, { what: 'three ticks' })
    await pauseSchedule(engine(), id)
    const ticks = (await ticksTaken()).map((tick) => Date.parse(tick))
    expect(ticks.slice(1).every((tick, n) => tick - (ticks[n] as number) === 1000)).toBe(true)
    expect(await jobs()).toHaveLength(1)
  })
})

describe('as people make and change them', () => {
  test('what is shown', async () => {
    const shown = await add({ timeZone: 'Europe/Berlin', cron: '30 4 * * *', jitterS: 600, missed: 'make_up', priority: 'live' })
    expect(shown).toMatchObject({
      timeZone: 'Europe/Berlin',
      jitterS: 600,
      missed: 'make_up',
      priority: 'live',
      paused: false,
      error: null,
    })
    expect(shown.upcoming).toHaveLength(5)
    const late = Date.parse(shown.nextAt as string) - Date.parse(shown.upcoming[0] as string)
    expect(late).toBeGreaterThanOrEqual(0)
    expect(late).toBeLessThan(600_000)
    expect(await listSchedules(engine())).toEqual([shown])
    expect(await getSchedule(engine(), shown.id)).toEqual(await getSchedule(engine(), 'nightly'))
  })

  test('a name is there once', async () => {
    await add()
    await expect(add()).rejects.toMatchObject({ code: 'state', field: 'name', message: expect.stringContaining('"nightly"') })
    const second = await add({ name: 'weekly' })
    await expect(changeSchedule(engine(), second.id, { name: 'nightly' })).rejects.toMatchObject({ code: 'state', field: 'name' })
  })

  test.each([
    [{ name: ' ' }, 'name'],
    [{ name: '7c9e6679-7425-40de-944b-e07fc1f90ae7' }, 'name'],
    [{ cron: '0 0 30 2 *' }, 'cron'],
    [{ timeZone: 'Nowhere' }, 'timeZone'],
    [{ jitterS: -5 }, 'jitterS'],
    [{ missed: 'sometimes' as never }, 'missed'],
    [{ priority: 'urgent' as never }, 'priority'],
    [{ source: 'telepathy' }, 'source'],
    [{ params: { name: 7 } }, 'name'],
    [{ params: [] }, 'params'],
  ])('%j is refused', async (wrong, field) => {
    await expect(add(wrong)).rejects.toMatchObject({ name: 'Refused', field })
    expect(await listSchedules(engine())).toEqual([])
  })

  test('every fault is named at once', async () => {
    const refusal = await add({ name: '', cron: 'x', missed: 'no' as never, params: { name: 7 } }).catch((error: Refused) => error)
    expect((refusal as Refused).faults.map((fault) => fault.field)).toEqual(['name', 'cron', 'missed', 'name'])
  })

  test('a change of rhythm begins anew, another keeps the next tick', async () => {
    const { id } = await add()
    await planned(id, at('2030-01-01T05:00:00Z'))
    expect(await changeSchedule(engine(), id, { missed: 'make_up', params: { name: 'b' } })).toMatchObject({
      missed: 'make_up',
      params: { name: 'b' },
      nextAt: '2030-01-01T05:00:00.000Z',
    })
    const changed = await changeSchedule(engine(), id, { cron: '15 * * * *' })
    expect(changed.nextAt).toBe(changed.upcoming[0])
    await expect(changeSchedule(engine(), id, { cron: '0 0 30 2 *' })).rejects.toMatchObject({ field: 'cron' })
    await expect(changeSchedule(engine(), 'weekly', {})).rejects.toMatchObject({ code: 'missing' })
  })

  test('a paused one starts nothing, and what came meanwhile stays out', async () => {
    const { id } = await add({ missed: 'make_up' })
    await planned(id, at('2020-01-01T05:00:00Z'))
    expect(await pauseSchedule(engine(), id)).toMatchObject({ paused: true, nextAt: null })
    expect(await startSchedules(engine())).toEqual([])
    const resumed = await resumeSchedule(engine(), id)
    expect(resumed).toMatchObject({ paused: false, nextAt: resumed.upcoming[0] })
    expect(await startSchedules(engine())).toEqual([])
  })

  test('run starts its job besides the ticks; remove leaves the job', async () => {
    const { id } = await add({ priority: 'asked' })
    await pauseSchedule(engine(), id)
    const job = await runSchedule({ ...engine(), config: readConfig(engine().sources, {}) }, id)
    expect(job.created).toBe(true)
    expect((await runSchedule({ ...engine(), config: readConfig(engine().sources, {}) }, 'nightly')).created).toBe(false)
    expect(await getSchedule(engine(), id)).toMatchObject({ lastJob: job.id, lastAt: null })
    expect(await db.query('select priority from backhaul.jobs')).toEqual([{ priority: 1 }])
    await removeSchedule(engine(), id)
    await expect(getSchedule(engine(), id)).rejects.toMatchObject({ code: 'missing' })
    expect(await jobs()).toHaveLength(1)
  })
})
