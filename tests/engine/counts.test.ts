import fc from 'fast-check'
import { z } from 'zod'
import { Fatal, Throttled } from '../../backend/base/errors'
import { defineSource, defineStream, type Source, type Written } from '../../backend/contract'
import { openDb } from '../../backend/database/db'
import { countsAfter } from '../../backend/engine/jobs/counts'
import { progress } from '../../backend/engine/jobs/progress'
import * as jobs from '../../backend/engine/jobs/verbs'
import { wake } from '../../backend/engine/wake'
import { startSandbox } from '../../backend/sandbox/server'
import { eve } from '../../backend/sources/eve'
import { countingTask, flaky } from '../support/counting-source'
import { testDatabase } from '../support/env'
import { runMigration } from '../support/migration'
import { sandboxed } from '../support/sandboxed'
import { type Suite, suite } from '../support/suite'

/*
 * In every report seen = new + updated + unchanged + known + rejected.
 */

type Sums = Record<'seen' | 'new' | 'updated' | 'unchanged' | 'known' | 'rejected' | 'deleted', number>
const OUTCOMES = ['new', 'updated', 'unchanged', 'known', 'rejected'] as const
const sumOf = (it: Sums): number => OUTCOMES.reduce((sum, outcome) => sum + Number(it[outcome]), 0)

/** What a page says, and what happens to it first: once each. */
interface Made extends Written {
  deleted: number
  known: number
  rejected: number
  faults: ('retry' | 'wait' | 'released' | 'write fails')[]
}

const few = fc.nat({ max: 5 })
const made: fc.Arbitrary<Made> = fc.record({
  new: few,
  updated: few,
  unchanged: few,
  deleted: few,
  known: few,
  rejected: few,
  faults: fc.array(fc.constantFrom('retry', 'wait', 'released', 'write fails'), { maxLength: 2 }),
})
/** Pages of each task; some tasks fail after theirs. */
const plan = fc.array(fc.record({ pages: fc.array(made, { minLength: 1, maxLength: 4 }), fails: fc.boolean() }), {
  minLength: 1,
  maxLength: 4,
})

describe('counts after a page', () => {
  const none = { pages: 0, seen: 0n, new: 0n, updated: 0n, unchanged: 0n, known: 0n, rejected: 0n, deleted: 0n }

  it('add up, whatever pages there were', () => {
    fc.assert(
      fc.property(fc.array(made), (pages) => {
        const counts = pages.reduce(countsAfter, none)
        expect(counts.seen).toBe(counts.new + counts.updated + counts.unchanged + counts.known + counts.rejected)
        expect(counts.deleted).toBe(BigInt(pages.reduce((sum, page) => sum + page.deleted, 0)))
      }),
    )
  })

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('%d is refused', (n) => {
    for (const name of ['new', 'updated', 'unchanged', 'known', 'rejected', 'deleted'] as const) {
      const page = { new: 0, updated: 0, unchanged: 0, rejected: 0, [name]: n }
      expect(() => countsAfter(none, page)).toThrow(`a page counts ${n} ${name}`)
    }
  })
})

describe('a report', () => {
  let it_: Suite
  let made: { pages: Made[]; fails: boolean }[] = []
  let source: Source
  let name = 0

  beforeAll(async () => {
    source = defineSource<{ name: string }>({
      name: 'counting',
      about: 'pages as they are made up, for tests',
      requests: {},
      params: z.looseObject({ name: z.string() }),
      example: { name: 'example' },
      apis: {},
      commands: {},
      workers: { 'worker-counting': { queues: ['zkillboard_backfill_queue'], concurrency: 2 } },
      streams: {
        count: defineStream<{ page: number }, Made, { name: string }>({
          queue: 'zkillboard_backfill_queue',
          cursor: z.object({ page: z.number() }),
          async read({ key, cursor: { page } }) {
            const task = made[Number(key)]
            const batch = task?.pages[page]
            if (!task || !batch) throw new Fatal('gone', 'the rest is gone')
            const fault = batch.faults[0] === 'write fails' ? undefined : batch.faults.shift()
            if (fault === 'retry') throw flaky('odd')
            if (fault === 'wait') throw new Throttled('a test', new Date())
            // As the scheduler does with the tasks of a worker that was killed.
            if (fault === 'released') {
              await it_.db.query(
                `update backhaul.tasks set claim = null, holder = null, woken_at = null where key = $1 and claim is not null`,
                [key],
              )
            }
            const rejected = Array.from({ length: batch.rejected }, (_, n) => ({ key: String(n), reason: 'schema', raw: null }))
            const next = task.fails || page + 1 < task.pages.length ? { page: page + 1 } : null
            return { batch, next, known: batch.known, rejected }
          },
          async write(_, batch) {
            if (batch.faults[0] === 'write fails') {
              batch.faults.shift()
              throw flaky('write')
            }
            return batch
          },
        }),
      },
      plan: (params) => ({
        tasks: made.map((_, n) => countingTask(String(n), `lane ${n}`)),
        activeKey: params.name,
        estimate: { requests: {} },
      }),
    })
    it_ = await suite([source])
    await it_.worker()
  })
  afterAll(() => it_.close())

  it('adds up through retries, waits, failures, lost tasks and transactions that were undone', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (given) => {
        made = structuredClone(given)
        const { id } = await jobs.startJob(it_, source, { name: `job ${++name}` })
        await wake(it_.db, it_.broker)
        await it_.ended(id, 60_000)
        const report = await jobs.report(it_, id)
        expect(report.seen).toBe(sumOf(report))
        const pages = given.flatMap((task) => task.pages)
        for (const outcome of [...OUTCOMES, 'deleted'] as const) {
          expect([outcome, report[outcome]]).toEqual([outcome, pages.reduce((sum, page) => sum + page[outcome], 0)])
        }
        expect((await progress(it_.db, [id]))[0]).toMatchObject({ seen: report.seen, unchanged: report.unchanged })
        for (const task of await it_.db.query<Sums>('select * from backhaul.tasks where job_id = $1', [id]))
          expect(Number(task.seen)).toBe(sumOf(task))
      }),
      { numRuns: 12 },
    )
  }, 180_000)
})

it('tasks and reports from before unchanged records were counted add up after the migration', async () => {
  const { databaseUrl } = await testDatabase()
  const db = openDb(databaseUrl)
  await db.query('alter table backhaul.tasks drop column unchanged')
  const [job] = await db.query<{ id: string }>(
    `insert into backhaul.jobs (source, params, bounded_by, report)
     values ('eve', '{}', 'x', '{"seen": 2500, "new": 0, "updated": 0, "known": 0, "rejected": 1, "notes": []}') returning id`,
  )
  const old = (key: string, seen: number, known: number) =>
    db.query(
      `insert into backhaul.tasks (job_id, stream, key, queue, cursor, seen, new, known) values ($1, 'killmails', $2, 'q', '{}', $3, 2, $4)`,
      [job?.id, key, seen, known],
    )
  await old('some were unchanged', 10, 3)
  await old('all are counted', 5, 3)
  await old('too few were seen', 4, 3)
  await runMigration(db, '20261129110000_unchanged')
  expect(await db.query('select seen, unchanged from backhaul.tasks order by id')).toEqual([
    { seen: 10n, unchanged: 5n },
    { seen: 5n, unchanged: 0n },
    { seen: 5n, unchanged: 0n },
  ])
  expect((await db.query<{ report: object }>('select report from backhaul.jobs'))[0]?.report).toMatchObject({
    seen: 2500,
    unchanged: 2499,
    notes: [],
  })
  await db.close()
})

it('killmails that are read again and have not changed are unchanged', async () => {
  const sandbox = await startSandbox({ scale: 300, speed: 500, oddities: false, bigAttackers: 40 })
  const it = await sandboxed(eve, sandbox)
  await it.worker({ app: 'worker-backfill' })
  const run = async (options: object) => {
    const id = await it.startJob(eve, { ...(eve.example as object), options })
    await it.ended(id, 60_000)
    return await jobs.report(it, id)
  }
  try {
    const first = await run({})
    expect(first.seen).toBeGreaterThan(0)
    expect(await run({ skipExisting: false })).toMatchObject({ seen: first.seen, new: 0, updated: 0, known: 0, unchanged: first.seen })
  } finally {
    await it.close()
    await sandbox.close()
  }
}, 120_000)
