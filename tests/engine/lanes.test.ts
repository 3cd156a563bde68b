import type { NewTask } from '../../backend/contract'
import { startJob } from '../../backend/engine/jobs/verbs'
import { jobDetail } from '../../backend/service/jobs/detail'
import { type Lane, type LanePage, listLanes } from '../../backend/service/jobs/lanes'
import { type Served, serve } from '../support/api'
import { command } from '../support/cli'
import { type Counting, countingSource, countingTask } from '../support/counting-source'
import { graphqlClient } from '../support/graphql-client'
import { type Suite, suite } from '../support/suite'

/* How far each lane of a job is and what it waits for, by the service and by every entry point. */

const TOKEN = 'the-admin-token-of-this-test'
const counting: Counting = { pages: 1, rowsPerPage: 1, tasks: [] }
const source = countingSource(counting)
let engine: Suite
let served: Served
let env: Record<string, string>
let made = 0

beforeAll(async () => {
  engine = await suite([source], { scheduler: false })
  served = await serve(engine, [source], { ADMIN_TOKEN: TOKEN })
  env = { DATABASE_URL: engine.databaseUrl, RABBITMQ_URL: engine.rabbitmqUrl, CONTACT: 'tests@example.org' }
}, 120_000)
afterAll(async () => {
  await served?.close()
  await engine?.close()
})

const discovery = (key: string): NewTask => ({ stream: 'count', key, cursor: { page: 0 } })
async function jobOf(tasks: NewTask[]): Promise<string> {
  counting.tasks = tasks
  return (await startJob(engine, source, { name: `job ${++made}` })).id
}
const set = (job: string, key: string, change: string) =>
  engine.db.query(`update backhaul.tasks set ${change} where job_id = $1 and key = $2`, [job, key])
const ask = (path: string) => served.ask('GET', path, undefined, { authorization: `Bearer ${TOKEN}` })
const none = { waiting: 0, ready: 0, held: 0, done: 0, skipped: 0, failed: 0, cancelled: 0 }
const nothing = { pages: 0, seen: 0, new: 0, updated: 0, unchanged: 0, known: 0, rejected: 0, deleted: 0, requests: 0, bytes: 0 }
const still = { until: null, on: null, errorKind: null, error: null }

/** A job with a lane in every state, and one task of discovery that is done. */
async function mixed(): Promise<string> {
  const of = (lane: string, ...keys: string[]) => keys.map((key) => countingTask(`${lane}-${key}`, lane))
  const job = await jobOf([
    discovery('list'),
    ...of('held.example', '1', '2', '3', '4'),
    ...of('due.example', '1', '2', '3'),
    ...of('parked.example', '1', '2'),
    ...of('retry.example', '1', '2'),
    ...of('waiting.example', '1'),
    ...of('ended.example', '1', '2', '3', '4'),
  ])
  const settled = (state: string) => `state = '${state}', settled_at = now()`
  const at = (moment: string) => `state = 'ready', due_at = '${moment}'`
  // Starting has given the first ones their places.
  await engine.db.query(`update backhaul.tasks set state = 'waiting' where job_id = $1`, [job])
  await set(job, 'list', settled('done'))
  await set(
    job,
    'held.example-1',
    `${at('2099-01-01T00:00:00Z')}, claim = 7, holder = 'w', claimed_at = now(), traffic = '{"pds": {"requests": 4, "waitMs": 0, "throttled": 0, "bytes": 1500}}'`,
  )
  await set(job, 'held.example-2', at('2099-01-01T00:00:00Z'))
  await set(job, 'due.example-1', `${at('2020-01-01T00:00:00Z')}, waiting_on = 'pds'`)
  await set(job, 'parked.example-1', `${at('2099-01-02T00:00:00Z')}, waiting_on = 'later'`)
  await set(job, 'parked.example-2', `${at('2099-01-01T00:00:00Z')}, waiting_on = 'pds'`)
  await set(
    job,
    'retry.example-1',
    `${at('2099-01-03T00:00:00Z')}, error_kind = 'http_502', error = 'pds answered 502', claimed_at = now()`,
  )
  await set(
    job,
    'ended.example-1',
    `${settled('done')}, pages = 3, seen = 44, new = 30, updated = 4, unchanged = 3, known = 6, rejected = 1, deleted = 2,
     traffic = '{"pds": {"requests": 2, "waitMs": 5, "throttled": 0, "bytes": 1000000}, "plc": {"requests": 1, "waitMs": 0, "throttled": 0}}'`,
  )
  await set(
    job,
    'ended.example-2',
    `${settled('skipped')}, reason = 'the account is closed', seen = 2, known = 2, traffic = '{"pds": {"requests": 0, "waitMs": 0, "throttled": 0, "bytes": 234567}}'`,
  )
  await set(job, 'ended.example-3', `state = 'failed', settled_at = now() - interval '1 s', error_kind = 'dns', error = 'no such host'`)
  await set(job, 'ended.example-4', `${settled('failed')}, error_kind = 'timeout', error = 'no answer'`)
  return job
}

const lanes: Lane[] = [
  { lane: '', total: 1, ...none, done: 1, ...nothing, state: 'ended', ...still },
  {
    lane: 'held.example',
    total: 4,
    ...none,
    waiting: 2,
    ready: 2,
    held: 1,
    ...nothing,
    requests: 4,
    bytes: 1500,
    state: 'active',
    ...still,
  },
  { lane: 'due.example', total: 3, ...none, waiting: 2, ready: 1, ...nothing, state: 'waiting', ...still },
  {
    ...{ lane: 'parked.example', total: 2, ...none, ready: 2, ...nothing, state: 'parked', ...still },
    ...{ until: '2099-01-01T00:00:00.000Z', on: 'pds' },
  },
  {
    ...{ lane: 'retry.example', total: 2, ...none, waiting: 1, ready: 1, ...nothing, state: 'parked' },
    ...{ until: '2099-01-03T00:00:00.000Z', on: 'http_502', errorKind: 'http_502', error: 'pds answered 502' },
  },
  { lane: 'waiting.example', total: 1, ...none, waiting: 1, ...nothing, state: 'waiting', ...still },
  {
    ...{ lane: 'ended.example', total: 4, ...none, done: 1, skipped: 1, failed: 2, state: 'ended', until: null, on: null },
    ...{ pages: 3, seen: 46, new: 30, updated: 4, unchanged: 3, known: 8, rejected: 1, deleted: 2, requests: 3, bytes: 1_234_567 },
    ...{ errorKind: 'timeout', error: 'no answer' },
  },
]

test('lanes in every state, those with most open tasks first and discovery before them, by every entry point', async () => {
  const job = await mixed()
  expect(await listLanes(engine, job)).toEqual({ items: lanes, next: null, total: 7 })
  expect((await jobDetail(served.service, job)).lanes).toEqual(lanes)
  expect(await ask(`/api/jobs/${job}/lanes`)).toMatchObject({ status: 200, body: { items: lanes, next: null, total: 7 } })
  expect((await ask(`/api/jobs/${job}/lanes?order=lane`)).body.items.map((it: Lane) => it.lane)).toEqual(lanes.map((it) => it.lane).sort())
  expect((await ask(`/api/jobs/${job}`)).body).toMatchObject({ lanes, requests: { pds: { bytes: 1_236_067 }, plc: { bytes: 0 } } })
  const asked = await graphqlClient(served.url, TOKEN).data(
    `{ job(id: "${job}") { lanes { lane state seen bytes until on errorKind error } requests { api bytes } } }`,
  )
  expect(
    asked.job.lanes.map((it: { lane: string; until: string | null }) => [it.lane, it.until && new Date(it.until).toISOString()]),
  ).toEqual(lanes.map((it) => [it.lane, it.until]))
  expect(asked.job.lanes.at(-1)).toMatchObject({ state: 'ended', seen: 46, bytes: 1_234_567, errorKind: 'timeout', error: 'no answer' })
  expect(asked.job.requests).toEqual([
    { api: 'pds', bytes: 1_236_067 },
    { api: 'plc', bytes: 0 },
  ])
})

test.each(['open', 'lane'] as const)('pages of lanes hold each of them once (%s)', async (order) => {
  const open = (n: number) => Array.from({ length: 1 + (n % 3) }, (_, task) => countingTask(`${n}-${task}`, `host-${n}`))
  const job = await jobOf([discovery('list'), ...Array.from({ length: 40 }, (_, n) => n).flatMap(open)])
  const found: Lane[] = []
  let cursor: string | undefined
  do {
    const page: LanePage = await listLanes(engine, job, { order, cursor, limit: 7 })
    expect(page.total).toBe(41)
    found.push(...page.items)
    cursor = page.next ?? undefined
  } while (cursor)
  const names = found.map((it) => it.lane)
  expect(new Set(names).size).toBe(41)
  expect(names).toHaveLength(41)
  expect(names[0]).toBe('')
  const rank = (it: Lane) => (order === 'lane' ? it.lane : `${9 - it.waiting - it.ready} ${it.lane}`)
  expect(names.slice(1)).toEqual([...found.slice(1)].sort((a, b) => (rank(a) < rank(b) ? -1 : 1)).map((it) => it.lane))
})

test('an order, a job or a cursor that is wrong is refused', async () => {
  const job = await jobOf([countingTask('a', 'one'), countingTask('b', 'two')])
  const { next } = await listLanes(engine, job, { limit: 1 })
  const other = await jobOf([countingTask('a', 'one')])
  await expect(listLanes(engine, job, { limit: 1, order: 'lane', cursor: next ?? '' })).rejects.toMatchObject({ field: 'cursor' })
  await expect(listLanes(engine, other, { limit: 1, cursor: next ?? '' })).rejects.toMatchObject({ field: 'cursor' })
  expect((await ask(`/api/jobs/${job}/lanes?order=size`)).status).toBe(400)
  expect((await ask('/api/jobs/00000000-0000-4000-8000-000000000000/lanes')).status).toBe(404)
})

test('a job whose tasks were deleted has no lanes', async () => {
  const job = await jobOf([countingTask('a', 'one')])
  await engine.db.query('delete from backhaul.tasks where job_id = $1', [job])
  expect(await listLanes(engine, job)).toEqual({ items: [], next: null, total: 0 })
  expect((await ask(`/api/jobs/${job}/lanes`)).body).toEqual({ items: [], next: null, total: 0 })
  expect((await command(env, `jobs show ${job} --lanes`)).out).toContain('No lanes yet.')
})

test('jobs show --lanes is a table of them, and JSON all of them', async () => {
  const job = await mixed()
  const { out } = await command(env, `jobs show ${job} --lanes`)
  const rowOf = (host: string) => out.split('\n').find((line) => line.startsWith(host))
  expect(rowOf('lane ')).toMatch(/lane +state +done \/ found +skipped +failed +records +new +requests +data +waits or error$/)
  expect(rowOf('(discovery)')).toMatch(/ended +1 \/ 1 /)
  expect(rowOf('held.example')).toMatch(/active +0 \/ 4 +0 +0 +0 +0 +4 +1\.5 kB$/)
  expect(rowOf('parked.example')).toMatch(/parked .* waiting for pds for another \d+ d/)
  expect(rowOf('retry.example')).toMatch(/parked .* retrying in .* after http_502: pds answered 502$/)
  expect(rowOf('ended.example')).toMatch(/ended +1 \/ 4 +1 +2 +46 +30 +3 +1\.2 MB +timeout: no answer$/)
  expect(JSON.parse((await command(env, `jobs show ${job} --lanes --json`)).out).laneList).toEqual({ items: lanes, next: null, total: 7 })
  expect(JSON.parse((await command(env, `jobs show ${job} --json`)).out)).not.toHaveProperty('laneList')
})

test('a table of more hosts than it shows says how many', async () => {
  const job = await jobOf(Array.from({ length: 53 }, (_, n) => countingTask(`${n}`, `host-${n}`)))
  const { out } = await command(env, `jobs show ${job} --lanes`)
  expect(out.match(/^host-/gm)).toHaveLength(50)
  expect(out).toContain('… and 3 more')
  expect(JSON.parse((await command(env, `jobs show ${job} --lanes --json`)).out).laneList.items).toHaveLength(53)
})

test('a report says what was received by API, and nothing of it where nothing was counted', async () => {
  const of = async (traffic: string) => {
    const job = await jobOf([countingTask('a')])
    await set(job, 'a', `traffic = '${traffic}'`)
    return (await command(env, `jobs report ${job}`)).out
  }
  const report = await of(
    '{"pds": {"requests": 2, "waitMs": 0, "throttled": 0, "bytes": 1234567}, "plc": {"requests": 1, "waitMs": 0, "throttled": 0}}',
  )
  expect(report).toMatch(/^API +requests +waits +waited +throttled +data$/m)
  expect(report).toMatch(/^pds +2 +0 +0 ms +0 +1\.2 MB$/m)
  expect(report).toMatch(/^plc +1 +0 +0 ms +0$/m)
  expect(await of('{"plc": {"requests": 1, "waitMs": 0, "throttled": 0}}')).toMatch(/^API +requests +waits +waited +throttled$/m)
})
