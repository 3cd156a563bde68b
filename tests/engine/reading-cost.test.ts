import { JOB_SORTS, JOB_STATUSES } from '../../backend/base/vocabulary'
import { readConfig } from '../../backend/config/config'
import { readLookups } from '../../backend/engine/jobs/progress'
import * as jobs from '../../backend/engine/jobs/verbs'
import { keepRetention } from '../../backend/engine/upkeep/retention'
import { foldCounts } from '../../backend/engine/upkeep/scheduler'
import { asOne, CHEAP } from '../../backend/metrics/questions'
import { createService, type Service } from '../../backend/service/base/context'
import { countJobs, type JobAsk, listJobIds } from '../../backend/service/jobs/list'
import { listQueues } from '../../backend/service/queues/queues'
import { rowsReadBy } from '../../bench/engine/rows-read'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { quiet, type Suite, suite } from '../support/suite'

/*
 * What reading costs while many jobs wait: rows that statements read, never time.
 */

const counting: Counting = { pages: 1, rowsPerPage: 1, tasks: [countingTask('one')] }
const source = countingSource(counting)
const other = { ...source, name: 'other' }
const DAY_MS = 86_400_000
let it_: Suite
let n = 0

const named = (count: number) => Array.from({ length: count }, () => ({ name: `job ${n++}` }))
const list = (service: Service, filter: JobAsk) => listJobIds(service, filter, { limit: 20 })

/** What is read, by name. */
const READS: Record<string, (service: Service, id: string) => Promise<unknown>> = {
  'jobs list': (service) => list(service, {}),
  'jobs list --status': (service) => list(service, { status: ['completed', 'running'] }),
  'jobs list --source': (service) => list(service, { source: 'other' }),
  'jobs list --status --source': (service) => list(service, { status: ['queued'], source: 'other' }),
  ...Object.fromEntries(
    JOB_SORTS.flatMap((sort) => [
      [`jobs list --sort ${sort}`, (service: Service) => list(service, { sort })],
      [`jobs list --sort ${sort} --source`, (service: Service) => list(service, { sort, source: 'other' })],
      [
        `the second page by ${sort}`,
        async (service: Service) => {
          const { next } = await list(service, { sort })
          return await listJobIds(service, { sort }, { limit: 20, cursor: next ?? undefined })
        },
      ],
    ]),
  ),
  'jobs by status': (service) => countJobs(service, {}),
  'jobs of a source by status': (service) => countJobs(service, { source: 'other' }),
  'the beginning of an id': (service, id) => jobs.findJob(service, id.slice(0, 13)),
  'the lookups of a page of jobs': async ({ db }) => {
    const page = await it_.db.query<{ id: string }>('select id from backhaul.jobs order by arrival desc limit 50')
    return await readLookups(
      db,
      page.map((job) => job.id),
    )
  },
  'what is due by queue': (service) => listQueues(service),
  'cheap metrics': (service) => service.db.query(asOne(CHEAP)),
  retention: ({ db }) => keepRetention({ db, log: quiet, retentionMs: DAY_MS }).tick(),
}

beforeAll(async () => {
  it_ = await suite([source, other], { scheduler: false })
  await createCounted(it_.db)
})
beforeEach(() => it_.db.tx((tx) => tx.query('truncate backhaul.jobs, backhaul.lookups cascade')))
afterAll(() => it_.close())

const serviceOf = (db: Suite['db']): Service =>
  createService({ ...it_, db }, readConfig([source, other], { DATABASE_URL: it_.databaseUrl }))

async function costs(): Promise<Record<string, number>> {
  const [job] = await it_.db.query<{ id: string }>('select id from backhaul.jobs order by arrival desc limit 1')
  const rows: Record<string, number> = {}
  for (const [name, read] of Object.entries(READS))
    rows[name] = await rowsReadBy(it_.db, (reader) => read(serviceOf({ ...it_.db, ...reader }), job?.id ?? ''))
  return rows
}

/** Jobs of which one is admitted, each with a task that was parked or due when it was queued again, and jobs whose tasks are gone. */
async function crowd(waiting: number, ended: number): Promise<void> {
  await jobs.startJobs(it_, source, named(waiting))
  await it_.db.query(
    `update backhaul.tasks set state = 'ready', due_at = now() + (id % 2 * 2 - 1) * interval '1 hour' where state = 'waiting'`,
  )
  await it_.db.query(
    `insert into backhaul.jobs (source, bounded_by, status, params, completed_at, report)
     select 'counting', 'a test', 'failed', '{}', now() - interval '9 days', '{"cleared": "2026-01-01T00:00:00Z"}' from generate_series(1, $1)`,
    [ended],
  )
  await it_.db.query(
    `insert into backhaul.lookups (kind, id, jobs) select 'character', id, array[id] from backhaul.jobs on conflict (kind, id) do nothing`,
  )
  await it_.db.query('analyze backhaul.jobs, backhaul.tasks, backhaul.lookups')
}

it('lists, ids, queues, metrics and retention read as many rows with 5,000 jobs as with 200', async () => {
  await jobs.startJobs(it_, other, named(30))
  await crowd(100, 100)
  const few = await costs()
  await crowd(4_900, 1_000)
  const many = await costs()
  // A plan may read a few rows more or less; none reads the thousands.
  for (const [name, rows] of Object.entries(many)) expect({ name, isMore: rows > (few[name] ?? 0) + 50 }).toEqual({ name, isMore: false })
}, 60_000)

it('a page by status or source is the same jobs in the same order as the whole list filtered', async () => {
  for (const [at, of] of [source, other, source, other].entries()) await jobs.startJobs(it_, of, named(5 + at))
  const states = JOB_STATUSES.map((status) => `'${status}'`).join(', ')
  await it_.db.query(
    `update backhaul.jobs set admitted = false, status = (array[${states}]::backhaul.job_status[])[1 + arrival % ${JOB_STATUSES.length}]`,
  )
  const all = await it_.db.query<{ id: string; status: string; source: string }>(
    'select id, status, source from backhaul.jobs order by created_at desc, id desc',
  )
  const service = serviceOf(it_.db)
  for (const filter of [{ status: ['failed'] }, { source: 'other' }, { status: ['queued', 'partial'], source: 'counting' }] as const) {
    const wanted = all.filter(
      (job) =>
        (!('status' in filter) || (filter.status as readonly string[]).includes(job.status)) &&
        (!('source' in filter) || job.source === filter.source),
    )
    const found: string[] = []
    for (let cursor: string | undefined, page = 0; page === 0 || cursor; page++) {
      const part = await listJobIds(service, filter, { limit: 2, cursor })
      found.push(...part.items)
      cursor = part.next ?? undefined
    }
    expect(found).toEqual(wanted.map((job) => job.id))
  }
})

it('jobs of a source that is no longer there are listed by status', async () => {
  await jobs.startJobs(it_, source, named(3))
  await it_.db.query(`update backhaul.jobs set source = 'gone'`)
  expect((await list(serviceOf(it_.db), { status: ['queued'] })).items).toHaveLength(3)
})

it('the beginning of an id finds its job, in capitals too; a dash in a wrong place finds none', async () => {
  const [job] = await jobs.startJobs(it_, source, named(1))
  const id = job?.id ?? ''
  for (const length of [4, 8, 9, 13, 20, 35, 36]) expect((await jobs.findJob(it_, id.slice(0, length).toUpperCase())).id).toBe(id)
  await expect(jobs.findJob(it_, `${id.slice(0, 3)}-`)).rejects.toThrow('there is no job')
  await expect(jobs.findJob(it_, `${id.slice(0, 8)}a`)).rejects.toThrow('there is no job')
})

it('kept counts of jobs are those that a count of the jobs finds, whatever is done to them, folded or not', async () => {
  const counted = () => it_.db.query('select source, status, count(*)::int as n from backhaul.jobs group by 1, 2 order by 1, 2')
  const kept = () =>
    it_.db.query('select source, status, sum(jobs)::int as n from backhaul.job_counts group by 1, 2 having sum(jobs) <> 0 order by 1, 2')
  const alike = async () => expect(await kept()).toEqual(await counted())
  await jobs.startJobs(it_, source, named(150))
  await jobs.startJobs(it_, other, named(3))
  await alike()
  // One that is active already adds none.
  await jobs.startJobs(it_, source, [{ name: 'twice' }, { name: 'twice' }])
  await alike()
  const all = await it_.db.query<{ id: string }>('select id from backhaul.jobs order by arrival')
  for (const { id } of all.slice(0, 60)) await jobs.pause(it_, id)
  for (const { id } of all.slice(0, 30)) await jobs.cancel(it_, id)
  for (const { id } of all.slice(30, 50)) await jobs.resume(it_, id)
  await alike()
  await foldCounts(it_.db)
  expect(await it_.db.query('select 1 from backhaul.job_counts')).toHaveLength((await counted()).length)
  await alike()
  await it_.db.query(`delete from backhaul.jobs where status = 'cancelled'`)
  await alike()
  const undone = it_.db.tx(async (tx) => {
    await tx.query(`update backhaul.jobs set status = 'failed'`)
    throw new Error('undone')
  })
  await expect(undone).rejects.toThrow('undone')
  await alike()
  await it_.db.tx((tx) => tx.query('truncate backhaul.jobs cascade'))
  await alike()
})
