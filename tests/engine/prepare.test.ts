import { z } from 'zod'
import { Refused } from '../../backend/base/errors'
import { readConfig, settingsReader } from '../../backend/config/config'
import { defineRoute, defineSource, type Source } from '../../backend/contract'
import * as jobs from '../../backend/engine/jobs/verbs'
import { FINISH } from '../../backend/engine/store'
import { startSchedules } from '../../backend/engine/upkeep/schedules'
import { addSchedule, runSchedule } from '../../backend/service/schedules/schedules'
import { listDead } from '../../queues/dead'
import { type Served, serve } from '../support/api'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/*
 * What a request means may depend on the moment: its source resolves that when the job starts, whoever starts it.
 */

interface Params {
  name: string
  lastDays?: number
  groups?: string[]
  from?: string
  size?: number
}

const QUEUE = 'zkillboard_backfill_queue'
const counting: Counting = { pages: 1, rowsPerPage: 1, tasks: [countingTask('a')] }
const settings = { COUNTING_SIZE: { schema: z.coerce.number().default(1), about: 'How much it counts.' } }
/** Params it was asked to prepare. */
const prepared: Params[] = []

const routes = [
  defineRoute({
    method: 'POST',
    path: '/count',
    access: 'open',
    operation: 'startCount',
    about: 'Count',
    body: z.looseObject({ name: z.string() }),
    headers: z.object({ 'idempotency-key': z.string().optional() }),
    answers: [{ status: 202, body: z.object({ id: z.string().nullable() }) }],
    async answer({ body, headers }, context) {
      const job = await context.act('count.start', null, { name: body.name }, async (tx) => {
        try {
          return await context.start(tx, body, { idempotencyKey: headers['idempotency-key'] })
        } catch (error) {
          if (body.name !== 'caught') throw error
          return undefined
        }
      })
      return { status: 202, body: { id: job?.id ?? null } }
    },
  }),
]

const params = z.object({
  name: z.string(),
  lastDays: z.number().int().optional(),
  groups: z.array(z.string()).optional(),
  from: z.string().optional().meta({ prepared: true }),
  size: z.number().optional().meta({ prepared: true }),
})

/** Counts what stands in its table of groups, from a day before today. */
const source: Source = defineSource<Params>({
  ...(countingSource({ ...counting, settings, routes: routes as never }) as unknown as Source<Params>),
  requests: { [QUEUE]: params },
  params,
  async prepare(db, asked, values) {
    prepared.push(asked)
    const [row] = await db.query<{ groups: string[] | null; from: string }>(
      `select (select array_agg(name order by name) from groups) as groups, (current_date - $1::int)::text as from`,
      [asked.lastDays ?? 0],
    )
    const groups = asked.groups ?? row?.groups ?? []
    if (groups.length === 0) throw new Refused('input', 'No group is configured: add one first.', 'groups')
    if (groups.includes('broken')) return { ...asked, size: 'large' } as never
    return { ...asked, groups, from: row?.from, size: values.COUNTING_SIZE as number }
  },
  plan: ({ name, groups, from }) => ({
    tasks: (groups ?? ['nobody prepared this']).map((group) => countingTask(`${name} ${group}`)),
    activeKey: `${name} from ${from}`,
    estimate: { requests: {} },
  }),
})

let it_: Suite
let api: Served
const config = { COUNTING_SIZE: '7' }

beforeAll(async () => {
  it_ = await suite([source], { scheduler: false, settings: settingsReader(readConfig([source], config)) })
  await createCounted(it_.db)
  await it_.db.query('create table groups (name text primary key)')
  await it_.worker()
  api = await serve(it_, [source], config)
}, 60_000)
afterAll(async () => {
  await api.close()
  await it_.close()
})

const groups = async (...names: string[]) => {
  await it_.db.query('delete from groups')
  await it_.db.query('insert into groups select * from unnest($1::text[])', [names])
}
beforeEach(async () => {
  prepared.length = 0
  await groups('x', 'y')
})

const daysAgo = async (days: number) =>
  (await it_.db.query<{ day: string }>('select (current_date - $1::int)::text as day', [days]))[0]?.day as string
const paramsOf = async (id: string) =>
  (await it_.db.query<{ params: Params }>('select params from backhaul.jobs where id = $1', [id]))[0]?.params
const keysOf = async (id: string) =>
  // A worker may have read them already: the finish task is not of the plan.
  (
    await it_.db.query<{ key: string }>(`select key from backhaul.tasks where job_id = $1 and stream <> '${FINISH}' order by key`, [id])
  ).map(({ key }) => key)
const named = async (name: string) =>
  (await it_.db.query<{ id: string }>(`select id from backhaul.jobs where params ->> 'name' = $1`, [name])).map(({ id }) => id)
const publish = (body: unknown, messageId?: string) =>
  it_.broker.publish([{ queue: QUEUE, body: Buffer.from(JSON.stringify(body)), messageId }])

/** Every way in, and the id of the job that it started. */
const entries: [string, (name: string) => Promise<string>][] = [
  ['a command', async (name) => (await jobs.startJob(it_, source, { name, lastDays: 3 })).id],
  ['REST', async (name) => (await api.ask('POST', '/api/jobs', { source: 'counting', params: { name, lastDays: 3 } })).body.id],
  [
    'GraphQL',
    async (name) => {
      const query = `mutation { startBackfill(source: "counting", params: { name: "${name}", lastDays: 3 }) { job { id } } }`
      return (await api.ask('POST', '/graphql', { query })).body.data.startBackfill.job.id
    },
  ],
  ['a route', async (name) => (await api.ask('POST', '/count', { name, lastDays: 3 })).body.id],
  [
    'a message',
    async (name) => {
      await publish({ name, lastDays: 3 })
      return await until(async () => (await named(name))[0], { what: `job ${name}` })
    },
  ],
  [
    'a schedule',
    async (name) => {
      const { id } = await addSchedule(api.service, { name, cron: '0 0 1 1 *', source: 'counting', params: { name, lastDays: 3 } })
      return (await runSchedule(api.service, id)).id
    },
  ],
]

test.each(entries)('%s starts a job of what was prepared', async (how, start) => {
  const id = await start(`by ${how}`)
  expect(await paramsOf(id)).toEqual({ name: `by ${how}`, lastDays: 3, groups: ['x', 'y'], from: await daysAgo(3), size: 7 })
  expect(await keysOf(id)).toEqual([`by ${how} x`, `by ${how} y`])
})

test('many jobs of one start are prepared one by one', async () => {
  const started = await jobs.startJobs(it_, source, [{ name: 'one of many' }, { name: 'other of many', groups: ['z'] }])
  expect(await Promise.all(started.map(({ id }) => paramsOf(id)))).toMatchObject([{ groups: ['x', 'y'] }, { groups: ['z'] }])
  expect(prepared).toHaveLength(2)
})

test('an estimate and a schedule are checked by the same, and keep nothing of it', async () => {
  const estimated = await api.ask('POST', '/api/jobs/estimate', { source: 'counting', params: { name: 'estimated', lastDays: 1 } })
  expect(estimated.body).toMatchObject({ tasks: 2, activeKey: `estimated from ${await daysAgo(1)}` })
  await groups()
  const refused = { status: 400, body: { detail: 'No group is configured: add one first.', errors: [{ field: 'groups' }] } }
  const request = { source: 'counting', params: { name: 'refused' } }
  expect(await api.ask('POST', '/api/jobs/estimate', request)).toMatchObject(refused)
  expect(await api.ask('POST', '/api/jobs', request)).toMatchObject(refused)
  expect(await api.ask('POST', '/count', request.params)).toMatchObject(refused)
  expect(await api.ask('POST', '/api/schedules', { ...request, name: 'refused', cron: '@daily' })).toMatchObject(refused)
  expect(await named('refused')).toEqual([])
})

test('a schedule keeps what was asked: each tick resolves it anew, and one that is refused says why', async () => {
  const asked = { name: 'nightly', lastDays: 2 }
  const { id } = await addSchedule(api.service, { name: 'nightly', cron: '@daily', source: 'counting', params: asked })
  const changed = await api.ask('PATCH', `/api/schedules/${id}`, { cron: '@hourly' })
  expect([changed.status, changed.body.params]).toEqual([200, asked])
  const tick = async (at: string, ...configured: string[]) => {
    await groups(...configured)
    await it_.db.query('update backhaul.schedules set tick_at = $2, due_at = $2 where id = $1', [id, new Date(at)])
    return (await startSchedules(it_, new Date(at))).find(({ name }) => name === 'nightly')
  }
  const first = await tick('2030-01-01T05:00:00Z', 'x')
  expect(await paramsOf(first?.job?.id ?? '')).toEqual({ ...asked, groups: ['x'], from: await daysAgo(2), size: 7 })
  await it_.db.query(`update backhaul.jobs set status = 'completed', completed_at = now() where id = $1`, [first?.job?.id])
  expect(await tick('2030-01-01T06:00:00Z')).toMatchObject({ error: 'No group is configured: add one first.' })
  const third = await tick('2030-01-01T07:00:00Z', 'z')
  expect(await keysOf(third?.job?.id ?? '')).toEqual(['nightly z'])
  expect((await api.ask('GET', `/api/schedules/${id}`)).body.params).toEqual(asked)
})

test('a message that is refused becomes a dead letter with the sentence', async () => {
  await groups()
  await publish({ name: 'too early' })
  const letter = await until(async () => (await listDead(it_.rabbitmqUrl, QUEUE)).find(({ reason }) => reason.includes('configured')))
  expect(letter.reason).toBe('No group is configured: add one first.')
})

test('a repeated request is not prepared again, whatever has changed since', async () => {
  await publish({ name: 'once' }, 'm-1')
  const [byMessage] = await until(async () => ((await named('once')).length > 0 ? named('once') : undefined))
  const request = { source: 'counting', params: { name: 'keyed' } }
  const send = () => api.ask('POST', '/api/jobs', request, { 'idempotency-key': 'k-1' })
  const byKey = await send()
  await groups()
  prepared.length = 0
  expect(await send()).toMatchObject({ status: 200, body: { id: byKey.body.id, created: false } })
  await publish({ name: 'once' }, 'm-1')
  await publish({ name: 'marker', groups: ['m'] })
  await until(async () => (await named('marker'))[0])
  expect(await named('once')).toEqual([byMessage])
  expect(prepared).toEqual([{ name: 'marker', groups: ['m'] }])
})

test('a key whose request was refused starts a job once it is accepted, also where a route kept what else it did', async () => {
  await groups()
  const send = () => api.ask('POST', '/count', { name: 'caught' }, { 'idempotency-key': 'k-2' })
  expect(await send()).toMatchObject({ status: 202, body: { id: null } })
  await groups('x')
  const { body } = await send()
  expect(await keysOf(body.id)).toEqual(['caught x'])
  expect(await send()).toMatchObject({ body })
})

test('a job is not started with params that its source would not read again', async () => {
  await expect(jobs.startJob(it_, source, { name: 'odd', groups: ['broken'] })).rejects.toThrow(z.ZodError)
  expect(await api.ask('POST', '/api/jobs', { source: 'counting', params: { name: 'odd', groups: ['broken'] } })).toMatchObject({
    status: 500,
  })
  expect(await named('odd')).toEqual([])
})

test('what only the source sets is in no form, and refused from a person', async () => {
  const { body } = await api.ask('GET', '/api/sources')
  expect(Object.keys(body.items[0].form.properties)).toEqual(['name', 'lastDays', 'groups'])
  expect(await api.ask('POST', '/api/jobs', { source: 'counting', params: { name: 'mine', size: 9 } })).toMatchObject({
    status: 400,
    body: { detail: 'Counting has no field "size"; there are name, lastDays, groups.' },
  })
})
