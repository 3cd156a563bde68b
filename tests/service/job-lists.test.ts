import fc from 'fast-check'
import { ACTIVE_STATUSES, ATTENTION_DAYS, BULK_VERBS, JOB_SORTS, JOB_STATUSES, type JobSort } from '../../backend/base/vocabulary'
import { readConfig } from '../../backend/config/config'
import type { Db } from '../../backend/database/db'
import * as jobs from '../../backend/engine/jobs/verbs'
import { insertFinishTask } from '../../backend/engine/store'
import { clearCaches } from '../../backend/service/base/caches'
import { createService, type Service } from '../../backend/service/base/context'
import { previewBulk, steerJobs } from '../../backend/service/jobs/bulk'
import { countJobs, type JobAsk, listJobIds } from '../../backend/service/jobs/list'
import { summaries } from '../../backend/service/jobs/summary'
import { listTasks } from '../../backend/service/jobs/tasks'
import { rowsReadBy } from '../../bench/engine/rows-read'
import { countingSource, countingTask, createCounted } from '../support/counting-source'
import { quiet, type Suite, suite } from '../support/suite'

/* Lists of jobs in every order and with every filter, and one verb on all jobs that match. */

const counting = countingSource({ pages: 1, rowsPerPage: 1, tasks: [countingTask('one')] })
const source = {
  ...counting,
  label: ({ name }: { name: string }) => `numbers of ${name}`,
  kinds: { names: ['odd', 'even'], of: ({ name }: { name: string }) => (Number(name) % 2 === 1 ? 'odd' : 'even') },
}
const other = { ...counting, name: 'other' }
const actor = { who: 'admin', address: '10.0.0.7', entryPoint: 'rest' as const }
const DAY_MS = 86_400_000
let it_: Suite
let service: Service

beforeAll(async () => {
  it_ = await suite([source, other], { scheduler: false })
  await createCounted(it_.db)
  service = createService({ ...it_, log: quiet }, readConfig([source, other], { DATABASE_URL: it_.databaseUrl }))
}, 120_000)
beforeEach(() => it_.db.tx((tx) => tx.query('truncate backhaul.jobs, backhaul.alerts, backhaul.holds, backhaul.actions cascade')))
afterAll(() => it_.close())

/** A job as the lists see it; times in ms before now. */
interface Row {
  id: string
  source: string
  status: (typeof JOB_STATUSES)[number]
  admitted: boolean
  created: number
  started: number | null
  completed: number | null
  acknowledged: boolean
  priority: number
  seen: number | null
  stalled: boolean
  held: boolean
}

const rows: fc.Arbitrary<Row[]> = fc.array(
  fc
    .record({
      id: fc.uuid({ version: 4 }),
      source: fc.constantFrom('counting', 'other'),
      status: fc.constantFrom(...JOB_STATUSES),
      admitted: fc.boolean(),
      // Few different values, so that many are equal.
      created: fc.integer({ min: 1, max: 4 }).map((n) => n * 4 * DAY_MS),
      ran: fc.integer({ min: 0, max: 3 }).map((n) => n * 60_000),
      acknowledged: fc.boolean(),
      priority: fc.integer({ min: 0, max: 2 }),
      seen: fc.integer({ min: 0, max: 3 }),
      trouble: fc.constantFrom('stalled', 'held', null),
    })
    .map(({ ran, trouble, seen, ...row }): Row => {
      const hasEnded = !(ACTIVE_STATUSES as readonly string[]).includes(row.status)
      const started = row.status === 'queued' && !row.admitted ? null : row.created - 1000
      return {
        ...row,
        admitted: row.status === 'running' || (row.status === 'queued' && row.admitted),
        acknowledged: row.acknowledged && (row.status === 'failed' || row.status === 'partial'),
        started,
        completed: hasEnded ? row.created - 1000 - ran : null,
        seen: hasEnded ? seen : null,
        stalled: trouble === 'stalled' && row.status === 'running',
        held: trouble === 'held' && row.status === 'running',
      }
    }),
  { maxLength: 14 },
)

/** Inserts them, as if now were `now`. */
async function insert(all: readonly Row[], now: Date): Promise<void> {
  const at = (ms: number | null) => (ms === null ? null : new Date(now.getTime() - ms).toISOString())
  await it_.db.tx((tx) => tx.query('truncate backhaul.jobs, backhaul.alerts, backhaul.holds cascade'))
  await it_.db.query(`insert into backhaul.holds (key, reason) values ('k', 'r')`)
  for (const row of all) {
    await it_.db.query(
      `insert into backhaul.jobs (id, source, bounded_by, params, status, admitted, created_at, started_at, completed_at, acknowledged_at, priority, report)
       values ($1, $2, 'q', '{}', $3::backhaul.job_status, $4, $5, $6, $7, case when $8 then now() end, $9, $10)`,
      [
        row.id,
        row.source,
        row.status,
        row.admitted,
        at(row.created),
        at(row.started),
        at(row.completed),
        row.acknowledged,
        row.priority,
        row.seen === null ? null : JSON.stringify({ seen: row.seen }),
      ],
    )
    if (row.stalled)
      await it_.db.query(
        `insert into backhaul.alerts (kind, subject, message, target_kind, target_id) values ('job_stalled', $1, 'm', 'job', $1)`,
        [row.id],
      )
    if (row.held)
      await it_.db.query(
        `insert into backhaul.tasks (job_id, stream, key, queue, state, cursor, held_by) values ($1, 's', 'a', 'q', 'ready', '{}', 'k'), ($1, 's', 'b', 'q', 'ready', '{}', 'k')`,
        [row.id],
      )
  }
}

type Placed = Row & { arrival: number }
const endedAt = (row: Row) => -(row.completed ?? row.created)
const lately = (row: Row) =>
  (row.status === 'failed' || row.status === 'partial') && !row.acknowledged && (row.completed ?? 0) < ATTENTION_DAYS * DAY_MS

/** Its group, then what orders it inside; greater is later in the list. */
const PLACE: Record<JobSort, (row: Placed) => [group: number, ...keys: number[]]> = {
  newest: (row) => [0, row.created],
  oldest: (row) => [0, -row.created],
  attention(row) {
    if (lately(row)) return [0, -endedAt(row)]
    if (row.stalled) return [1, row.created]
    if (row.held) return [2, row.created]
    if (row.status === 'paused') return [3, row.created]
    if (row.admitted) return [4, row.created]
    if (row.status === 'queued') return [5, row.priority, row.started === null ? 1 : 0, row.arrival]
    return [6, -endedAt(row)]
  },
  records: (row) => (row.seen === null ? [1, row.created] : [0, -row.seen]),
  longest: (row) => (row.status === 'queued' ? [1, row.created] : [0, (row.completed ?? 0) - (row.started ?? row.created)]),
}

const isAscending = (sort: JobSort, group: number) => sort === 'oldest' || (sort === 'attention' && group === 5)

function expected(all: readonly Placed[], { sort = 'newest', status, source: of }: JobAsk): string[] {
  return all
    .filter((row) => (!status?.length || status.includes(row.status)) && (of === undefined || row.source === of))
    .map((row) => ({ id: row.id, place: PLACE[sort](row) }))
    .sort((a, b) => {
      for (const [n, value] of a.place.entries()) if (value !== b.place[n]) return value - (b.place[n] ?? 0)
      const byId = a.id < b.id ? -1 : 1
      return isAscending(sort, a.place[0]) ? byId : -byId
    })
    .map(({ id }) => id)
}

async function paged(ask: JobAsk, limit: number): Promise<string[]> {
  const found: string[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await listJobIds(service, ask, { limit, cursor })
    found.push(...page.items)
    if (page.next === null) return found
    cursor = page.next
  }
}

test('every order lists each job once, where it belongs, whatever the pages and filters', async () => {
  await fc.assert(
    fc.asyncProperty(
      rows,
      fc.integer({ min: 1, max: 6 }),
      fc.option(fc.constantFrom('counting', 'other'), { nil: undefined }),
      fc.subarray([...JOB_STATUSES]),
      async (all, limit, of, status) => {
        const distinct = [...new Map(all.map((row) => [row.id, row])).values()]
        await insert(distinct, new Date())
        const placed = distinct.map((row, arrival) => ({ ...row, arrival }))
        for (const sort of JOB_SORTS) {
          const ask = { sort, source: of, status }
          expect([sort, await paged(ask, limit)]).toEqual([sort, expected(placed, ask)])
        }
      },
    ),
    { numRuns: 40 },
  )
}, 240_000)

const begin = async (count: number, from = 0) =>
  (
    await jobs.startJobs(
      it_,
      source,
      Array.from({ length: count }, (_, n) => ({ name: String(from + n) })),
    )
  ).map(({ id }) => id)

test('jobs are found by label, params, error, source, kind and time, and counted as they are found', async () => {
  const [first = '', second = ''] = await begin(4)
  await it_.db.query(`update backhaul.jobs set status = 'failed', admitted = false, error = 'zkillboard answered 502' where id = $1`, [
    first,
  ])
  await it_.db.query(`update backhaul.jobs set created_at = now() - interval '3 days' where id = $1`, [second])
  const found = async (ask: JobAsk) => [
    (await listJobIds(service, ask, {})).items.length,
    Object.values(await countJobs(service, ask)).reduce((sum, n) => sum + n, 0),
  ]
  expect(await found({ q: 'numbers OF 3' })).toEqual([1, 1])
  expect(await found({ q: 'answered 502' })).toEqual([1, 1])
  expect(await found({ q: 'countin' })).toEqual([4, 4])
  expect(await found({ q: first.slice(0, 13) })).toEqual([1, 1])
  expect(await found({ q: '100%' })).toEqual([0, 0])
  expect(await found({ kind: 'odd' })).toEqual([2, 2])
  const dayAgo = new Date(Date.now() - DAY_MS).toISOString()
  expect(await found({ until: dayAgo })).toEqual([1, 1])
  expect(await found({ since: dayAgo, sort: 'attention' })).toEqual([3, 3])
  await expect(listJobIds(service, { since: 'yesterday' }, {})).rejects.toThrow('since must be a moment')
  await expect(listJobIds(service, { sort: 'best' as never }, {})).rejects.toThrow('There is no order "best"')
})

test('a job says what it does now: reads, waits for its turn, a limit, a person, or stands still', async () => {
  const ids = await begin(6)
  const set = (n: number, job: string, task: string) =>
    it_.db.query(
      `with j as (update backhaul.jobs set ${job} where id = $1) update backhaul.tasks set state = 'ready', due_at = now() + interval '1 hour', ${task} where job_id = $1`,
      [ids[n]],
    )
  const running = `status = 'running', admitted = true, started_at = now()`
  await set(0, running, `claim = 1, holder = 'w'`)
  await set(1, running, `waiting_on = 'zkillboard'`)
  await set(2, running, `held_by = 'credential/x', waiting_on = 'connect x again'`)
  await set(3, running, `attempts = 3, error_kind = 'http_502'`)
  await set(4, `status = 'paused', admitted = false`, `step = 0`)
  await set(5, `status = 'queued', admitted = false`, `step = 0`)
  await it_.db.query(
    `insert into backhaul.alerts (kind, subject, message, target_kind, target_id) values ('job_stalled', $1, 'no page since noon', 'job', $1)`,
    [ids[3]],
  )
  const shown = await summaries(service, ids)
  expect(shown.map(({ activity }) => activity)).toEqual(['reading', 'limit', 'person', 'stalled', 'paused', 'turn'])
  // Only what reads has such a sentence.
  expect(shown.map(({ sentence }) => sentence.startsWith('Reading '))).toEqual([true, false, false, false, false, false])
  expect(shown.map(({ stalled }) => stalled?.message)).toEqual([
    undefined,
    undefined,
    undefined,
    'no page since noon',
    undefined,
    undefined,
  ])
})

test('a job whose tasks are settled waits for a worker, until one writes its report', async () => {
  const [id] = (await begin(1)) as [string]
  await it_.db.query(`update backhaul.jobs set status = 'running', admitted = true, started_at = now() where id = $1`, [id])
  await it_.db.query(`update backhaul.tasks set state = 'done', settled_at = now() where job_id = $1`, [id])
  await insertFinishTask(it_.db, id)
  const shown = async () => (await summaries(service, [id]))[0]
  expect(await shown()).toMatchObject({ activity: 'turn', sentence: expect.stringContaining('waits for a free worker') })
  await it_.db.query(`update backhaul.tasks set claim = 1, holder = 'w' where job_id = $1 and state = 'ready'`, [id])
  expect(await shown()).toMatchObject({ activity: 'reporting', sentence: 'Writing its report' })
})

test('a failure that somebody acknowledges leaves the front of the list, and comes back when a retry fails again', async () => {
  const [id = ''] = await begin(1)
  await it_.db.query(
    `update backhaul.jobs set status = 'failed', admitted = false, started_at = now(), completed_at = now() - interval '1 hour', report = '{}' where id = $1`,
    [id],
  )
  await it_.db.query(`update backhaul.tasks set state = 'failed' where job_id = $1`, [id])
  const [later = ''] = await begin(1, 1)
  const order = async () => (await listJobIds(service, { sort: 'attention' }, {})).items
  expect(await order()).toEqual([id, later])
  expect(await steerJobs(service, actor, { verb: 'acknowledge', ids: [id, later] })).toMatchObject({ done: [id], refused: [{ id: later }] })
  expect(await order()).toEqual([later, id])
  expect((await summaries(service, [id]))[0]).toMatchObject({ acknowledged: { by: 'admin' }, can: ['retry'] })
  await steerJobs(service, actor, { verb: 'retry', ids: [id] })
  expect((await summaries(service, [id]))[0]).toMatchObject({ acknowledged: null, status: 'running' })
})

describe('one verb on all that match', () => {
  test('changes as many as its preview counted, batch by batch, and nothing when it is repeated', async () => {
    await begin(40)
    await it_.db.query(
      `update backhaul.jobs set status = 'completed', admitted = false, completed_at = now() where kind = 'even' and arrival % 3 = 0`,
    )
    const bulk = { verb: 'cancel', kind: 'even' } as const
    const preview = await previewBulk(service, bulk)
    expect(preview.matching).toBe(20)
    expect(preview.others).toEqual([{ status: 'completed', jobs: preview.matching - preview.able }])
    const done: string[] = []
    for (let cursor: string | undefined, batches = 0; ; batches++) {
      // A batch that is sent twice, as after a lost answer.
      if (batches === 1) await steerJobs(service, actor, bulk, { limit: 4, cursor })
      const part = await steerJobs(service, actor, bulk, { limit: 4, cursor })
      done.push(...part.done)
      expect(part.refused).toEqual([])
      if (part.next === null) break
      cursor = part.next
    }
    const cancelled = await it_.db.query(`select id from backhaul.jobs where status = 'cancelled'`)
    expect(cancelled).toHaveLength(preview.able)
    expect(new Set(done).size).toBe(done.length)
    expect(await it_.db.query(`select id from backhaul.jobs where status = 'cancelled' and kind = 'odd'`)).toEqual([])
    expect(await steerJobs(service, actor, bulk)).toEqual({ done: [], refused: [], next: null })
    expect((await it_.db.query(`select id from backhaul.actions where verb = 'job.cancel' and outcome = 'done'`)).length).toBe(preview.able)
  })

  test('leaves out what is created after its first batch, and refuses to act on everything without all', async () => {
    await begin(3)
    const first = await steerJobs(service, actor, { verb: 'pause', status: ['queued', 'running'] }, { limit: 1 })
    const [late] = await begin(1, 3)
    const rest = await steerJobs(service, actor, { verb: 'pause', status: ['queued', 'running'] }, { cursor: first.next ?? undefined })
    expect(rest.done).toHaveLength(2)
    expect([...first.done, ...rest.done]).not.toContain(late)
    await expect(steerJobs(service, actor, { verb: 'pause' })).rejects.toThrow('Give either ids, or a filter')
    expect((await steerJobs(service, actor, { verb: 'pause', all: true })).done).toEqual([late])
  })

  test('makes jobs and their open tasks more urgent', async () => {
    const ids = await begin(3)
    const bulk = { verb: 'priority', priority: 'live', source: 'counting' } as const
    expect(await previewBulk(service, bulk)).toMatchObject({ matching: 3, able: 3 })
    expect((await steerJobs(service, actor, bulk)).done.sort()).toEqual([...ids].sort())
    expect(
      await it_.db.query(
        'select distinct j.priority as job, t.priority as task from backhaul.jobs j join backhaul.tasks t on t.job_id = j.id',
      ),
    ).toEqual([{ job: 0, task: 0 }])
    expect(await previewBulk(service, bulk)).toMatchObject({ matching: 3, able: 0 })
    await expect(steerJobs(service, actor, { verb: 'priority', ids })).rejects.toThrow('needs a priority')
  })

  test('the preview counts what the verbs of each job say', async () => {
    await insert(fc.sample(rows, { numRuns: 20, seed: 7 }).flat().slice(0, 40), new Date())
    const all = (await listJobIds(service, {}, { limit: 100 })).items
    const shown = await summaries(service, all)
    for (const verb of BULK_VERBS) {
      if (verb === 'priority') continue
      const { able } = await previewBulk(service, { verb, all: true })
      expect([verb, able]).toEqual([verb, shown.filter(({ can }) => can.includes(verb)).length])
    }
  })
})

test('a search reads one narrow row for each job, and a page of what it finds; texts follow their jobs', async () => {
  const JOBS = 3_000
  await it_.db.query(
    `insert into backhaul.jobs (source, params, status, bounded_by, label, report, created_at, completed_at)
     select 'counting', jsonb_build_object('name', n), 'completed', 'counting', 'Kills of ' || n, '{"seen": 1}', now() - n * interval '1 second', now() - n * interval '1 second'
       from generate_series(1, $1::int) n`,
    [JOBS],
  )
  await it_.db.query('analyze backhaul.jobs, backhaul.job_texts')
  const reads = async (q: string, sort: JobSort) => {
    clearCaches(it_)
    let ids: readonly string[] = []
    const rows = await rowsReadBy(it_.db, async (tx) => {
      ids = (await listJobIds({ ...service, db: tx as unknown as Db }, { q, sort }, { limit: 50 })).items
    })
    return [ids.length, rows] as const
  }
  for (const sort of JOB_SORTS) {
    const [found, rows] = await reads('kills of 1234', sort)
    expect([sort, found]).toEqual([sort, 1])
    expect(rows).toBeLessThan(JOBS + 100)
    const [many, few] = await reads('KILLS', sort)
    expect([sort, many]).toEqual([sort, 50])
    // No text is read more than twice, and of the jobs those of the page.
    expect(few).toBeLessThan(2 * JOBS + 200)
  }
  await it_.db.query(`update backhaul.jobs set error = 'Odd answer' where label = 'Kills of 7'`)
  expect((await reads('odd ANSWER', 'newest'))[0]).toBe(1)
  await it_.db.query(`delete from backhaul.jobs where label = 'Kills of 7'`)
  expect((await reads('odd answer', 'newest'))[0]).toBe(0)
  expect(await previewBulk(service, { verb: 'cancel', q: 'kills' })).toMatchObject({ matching: JOBS - 1, able: 0 })
})

test('tasks are listed in the natural order of their keys, over all pages', async () => {
  const [id = ''] = await begin(1)
  const keys = [
    'page 1',
    'page 2',
    'page 02',
    'page 10',
    'page 99',
    'page 100',
    '2024-01-09',
    '2024-01-10',
    'did:plc:a9',
    'did:plc:a10',
    '9',
    '10',
  ]
  await it_.db.query(`delete from backhaul.tasks where job_id = $1`, [id])
  await it_.db.query(
    `insert into backhaul.tasks (job_id, stream, key, queue, state, cursor) select $1, 'count', k, 'zkillboard_backfill_queue', 'waiting', '{}' from unnest($2::text[]) k`,
    [id, keys],
  )
  const listed: string[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await listTasks(service, id, { limit: 5, cursor })
    listed.push(...page.items.map(({ key }) => key))
    if (page.next === null) break
    cursor = page.next
  }
  expect([...listed].sort()).toEqual([...keys].sort())
  const placeOf = (key: string) => listed.indexOf(key)
  for (const [a, b] of [
    ['page 2', 'page 10'],
    ['page 02', 'page 10'],
    ['page 99', 'page 100'],
    ['2024-01-09', '2024-01-10'],
    ['did:plc:a9', 'did:plc:a10'],
    ['9', '10'],
  ] as const)
    expect([a, b, placeOf(a) < placeOf(b)]).toEqual([a, b, true])
})
