import type { Log } from '../../base/log'
import type { Reader } from '../../base/sql'
import { SPANS } from '../../base/vocabulary'
import type { Source } from '../../contract'
import type { Db } from '../../database/db'
import { deleteOldLines } from '../job-log'
import { logDeleted } from '../log'
import { deleteForeseen, deleteTasks, ENDED } from '../store'
import { foldings } from './fold'
import { MAX_TICKS } from './tick-history'

/*
 * Deletes expired rows, a small batch a tick so that wake-ups are not delayed. What a job found stays in its report; its rejects
 * stay as long as the job, because they are evidence; jobs stay.
 */

/** Rows in one statement, some 30 ms. */
const BATCH = 2_000
/** Jobs whose tasks are cleared in one tick, and in one sweep. */
const JOBS_A_TICK = 20
const JOBS_A_SWEEP = 5_000
const EVERY_MS = 3_600_000
const DAY_MS = 86_400_000
/** Message ids: a producer may send again after days. */
const WEEK_MS = 7 * DAY_MS
/** Charts show a week. */
const HISTORY_MS = Math.max(...SPANS.map(({ keptHours }) => keptHours)) * 3_600_000
/** Starts of an app on a host that are kept at most. */
const STARTS_OF_AN_APP = 500

/** As the index jobs_uncleared says it: jobs whose tasks are gone are passed over. */
const UNCLEARED = `report is not null and completed_at is not null and coalesce(report ->> 'cleared', 'under way') = 'under way'`
const OLDER = `clock_timestamp() - $1 * interval '1 millisecond'`

interface Chore {
  name: string
  /** Deletes one batch. @returns rows deleted, 0 when none are left */
  run(): Promise<number>
}

export interface RetentionOptions {
  db: Db
  log: Log
  sources?: readonly Source[]
  /** Tasks of ended jobs, events, deliveries and actions are kept for so long, ms. */
  retentionMs: number
  /** Log lines of jobs are kept for so long, ms (default 7 days). */
  jobLogMs?: number
  now?: () => number
}

/** Sweeps at its first tick and hourly; to be called at every tick under the scheduler's lock. */
export function keepRetention({ db, log, retentionMs, jobLogMs = WEEK_MS, sources = [], now = Date.now }: RetentionOptions): {
  tick(): Promise<'idle' | 'busy'>
} {
  let nextAt = Number.NEGATIVE_INFINITY
  let left: Chore[] = []
  let taken: Record<string, number> = {}

  async function tick(): Promise<'idle' | 'busy'> {
    if (left.length === 0) {
      if (now() < nextAt) return 'idle'
      const ids = await jobsToClear(db, retentionMs)
      // A full list has more behind it.
      nextAt = ids.length < JOBS_A_SWEEP ? now() + EVERY_MS : now()
      taken = {}
      left = [
        ...choresOf(db, retentionMs, ids),
        { name: 'log lines', run: () => deleteOldLines(db, jobLogMs, BATCH) },
        ...sources.flatMap((source) => sourceChores(db, source)),
      ]
    }
    const chore = left[0] as Chore
    const rows = await chore.run()
    taken[chore.name] = (taken[chore.name] ?? 0) + rows
    if (rows === 0) left.shift()
    if (left.length > 0) return 'busy'
    logDeleted(log, taken)
    return 'idle'
  }
  return { tick }
}

async function jobsToClear(db: Reader, keepMs: number): Promise<string[]> {
  const jobs = await db.query<{ id: string }>(
    `select id from backhaul.jobs where status in ${ENDED} and completed_at < ${OLDER} and ${UNCLEARED} order by completed_at limit ${JOBS_A_SWEEP}`,
    [keepMs],
  )
  return jobs.map((job) => job.id)
}

function choresOf(db: Db, keepMs: number, ids: string[]): Chore[] {
  const longer = Math.max(keepMs, WEEK_MS)
  return [
    { name: 'tasks', run: () => clearTasks(db, ids, keepMs) },
    // The oldest come first, so those that are old enough are found without reading the others.
    {
      name: 'events',
      run: () =>
        remove(
          db,
          'events_outbox',
          keepMs,
          `select ctid from (select ctid, created_at, published_at, fanned_at from backhaul.events_outbox
          order by id limit ${5 * BATCH}) o where created_at < ${OLDER} and published_at is not null and fanned_at is not null`,
        ),
    },
    {
      name: 'deliveries',
      run: () =>
        remove(
          db,
          'deliveries',
          keepMs,
          `select ctid from backhaul.deliveries where state in ('delivered', 'failed') and due_at < ${OLDER}`,
        ),
    },
    { name: 'ticks', run: () => remove(db, 'schedule_ticks', keepMs, `select ctid from backhaul.schedule_ticks where at < ${OLDER}`) },
    {
      name: 'ticks of busy schedules',
      run: () =>
        remove(
          db,
          'schedule_ticks',
          0,
          `select t.ctid from backhaul.schedules s cross join lateral (select id from backhaul.schedule_ticks
             where schedule_id = s.id order by id desc offset ${MAX_TICKS} limit 1) old
             join backhaul.schedule_ticks t on t.schedule_id = s.id and t.id <= old.id and $1::float8 is not null`,
        ),
    },
    { name: 'actions', run: () => remove(db, 'actions', keepMs, `select ctid from backhaul.actions where at < ${OLDER}`) },
    { name: 'inbox', run: () => remove(db, 'inbox', longer, `select ctid from backhaul.inbox where taken_at < ${OLDER}`) },
    // A host that was not asked for so long has no state worth keeping.
    {
      name: 'gates',
      run: () => remove(db, 'gates', WEEK_MS, `select ctid from backhaul.gates where name like '%:%' and updated_at < ${OLDER}`),
    },
    // A pace that holds nothing back is as good as none.
    {
      name: 'paces',
      run: () => remove(db, 'gates', EVERY_MS, `select ctid from backhaul.gates where name like 'pace/%' and next_at < ${OLDER}`),
    },
    {
      name: 'rejects',
      run: () => remove(db, 'rejects', keepMs, `select ctid from backhaul.rejects where job_id is null and at < ${OLDER}`),
    },
    ...foldings(db),
    { name: 'samples', run: () => remove(db, 'samples', HISTORY_MS, `select ctid from backhaul.samples where minute < ${OLDER}`) },
    { name: 'uses', run: () => remove(db, 'uses', HISTORY_MS, `select ctid from backhaul.uses where minute < ${OLDER}`) },
    // A process that crashes again and again must not fill the table.
    {
      name: 'starts',
      run: () =>
        remove(
          db,
          'starts',
          keepMs,
          `select ctid from (select ctid, at, row_number() over (partition by app, host order by id desc) as place from backhaul.starts) s
            where at < ${OLDER} or place > ${STARTS_OF_AN_APP}`,
        ),
    },
  ]
}

const sourceChores = (db: Reader, { name, retention = {} }: Source): Chore[] =>
  Object.entries(retention).map(([what, run]) => ({ name: `${name} ${what}`, run: () => run(db) }))

async function remove(db: Reader, table: string, keepMs: number, which: string): Promise<number> {
  const [row] = await db.query<{ n: number }>(
    `with gone as (delete from backhaul.${table} where ctid = any(array(${which} limit ${BATCH})) returning 1) select count(*)::int as n from gone`,
    [keepMs],
  )
  return row?.n ?? 0
}

/** Clears tasks of the next jobs of the list. @returns tasks and jobs cleared */
async function clearTasks(db: Db, ids: string[], keepMs: number): Promise<number> {
  let rows = 0
  for (let jobs = 0; jobs < JOBS_A_TICK && rows < BATCH && ids.length > 0; jobs++) {
    const [cleared, isDone] = await clearJob(db, ids[0] as string, BATCH - rows, keepMs)
    if (isDone) ids.shift()
    // A job without tasks is work too: 0 says that nothing is left.
    rows += cleared + 1
  }
  return rows
}

/**
 * Marks a job's report before its first task goes, so that from then on its figures come from there and a retry is refused, and
 * again when all are gone: a sweep that was cut short goes on with it.
 */
async function clearJob(db: Db, id: string, most: number, keepMs: number): Promise<[cleared: number, isDone: boolean]> {
  return await db.tx(async (tx) => {
    const [job] = await tx.query(
      `update backhaul.jobs set report = jsonb_set(report, '{cleared}', '"under way"')
        where id = (select id from backhaul.jobs where id = $2 and status in ${ENDED} and completed_at < ${OLDER} and report is not null
                       for update skip locked) returning id`,
      [keepMs, id],
    )
    // Retried meanwhile, or locked by another transaction: the next sweep checks again.
    if (!job) return [0, true]
    const n = await deleteTasks(tx, id, most)
    if (n >= most) return [n, false]
    await deleteForeseen(tx, id)
    await tx.query(`delete from backhaul.job_spans where job_id = $1`, [id])
    await tx.query(`update backhaul.jobs set report = jsonb_set(report, '{cleared}', to_jsonb(clock_timestamp())) where id = $1`, [id])
    return [n, true]
  })
}
