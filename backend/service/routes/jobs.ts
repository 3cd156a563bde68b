import { z } from 'zod'
import type { Reader } from '../../base/sql'
import type { RouteJob, RouteTasks } from '../../contract'
import { FINISH } from '../../engine/jobs/progress'
import type { Report } from '../../engine/jobs/report'
import { limitOf, makeCursor, momentSql, momentText, type Page, type PageAsk, pageOf, readCursor, uuidText } from '../base/cursor'

/*
 * Jobs of one source as its routes show them: one statement per page, however much it holds.
 */

interface Row extends Pick<RouteJob, 'id' | 'status' | 'params' | 'error' | 'createdAt' | 'startedAt' | 'completedAt'> {
  /** `createdAt` with all digits. */
  at: string
  /** From the report: with one the tasks need not be counted, and may be deleted. */
  kept: (Pick<Report, 'seen' | 'rejected' | 'streams' | 'failedBy' | 'skippedBy' | 'verified'> & { cleared: boolean }) | null
  groups: { stream: string; state: keyof RouteTasks; kind: string | null; tasks: number; seen: number; rejected: number }[]
}

const NONE: RouteTasks = { waiting: 0, ready: 0, done: 0, skipped: 0, failed: 0, cancelled: 0 }

/** @param which conditions and limit on the rows of `backhaul.jobs` */
const readRows = (db: Reader, which: string, values: readonly unknown[]): Promise<Row[]> =>
  db.query<Row>(
    `select j.id, j.status, j.params, j.error, j.created_at as "createdAt", j.started_at as "startedAt", j.completed_at as "completedAt",
            ${momentSql('j.created_at')} as at, coalesce(t.groups, '[]') as groups,
            case when j.report is not null then
              jsonb_build_object('seen', j.report -> 'seen', 'rejected', j.report -> 'rejected',
                                 'streams', coalesce(j.report -> 'streams', '{}'), 'failedBy', coalesce(j.report -> 'failedBy', '{}'),
                                 'skippedBy', coalesce(j.report -> 'skippedBy', '{}'), 'verified', j.report -> 'verified', 'cleared', j.report ? 'cleared') end as kept
       from (select * from backhaul.jobs where ${which}) j
       left join lateral (
         select jsonb_agg(g) as groups
           from (select stream, state, case state when 'failed' then coalesce(error_kind, 'unknown') when 'skipped' then reason_kind end as kind, count(*)::int as tasks,
                        sum(seen)::float8 as seen, sum(rejected)::float8 as rejected
                   from backhaul.tasks where job_id = j.id and stream <> '${FINISH}' and j.report is null
                  group by 1, 2, 3) g) t on true
      order by j.created_at desc, j.id desc`,
    values,
  )

function show({ at: _, kept, groups, ...job }: Row): RouteJob {
  const shown: RouteJob = { ...job, seen: 0, rejected: 0, tasks: {}, failures: {}, skips: {}, verified: null, cleared: false }
  if (kept) {
    const tasks = Object.fromEntries(Object.entries(kept.streams).map(([stream, states]) => [stream, { ...NONE, ...states }]))
    const { seen, rejected, failedBy: failures, skippedBy: skips, verified, cleared } = kept
    return { ...shown, seen, rejected, tasks, failures, skips, verified, cleared }
  }
  for (const { stream, state, kind, tasks, seen, rejected } of groups) {
    shown.seen += seen
    shown.rejected += rejected
    shown.tasks[stream] ??= { ...NONE }
    shown.tasks[stream][state] += tasks
    const byKind = state === 'failed' ? shown.failures : shown.skips
    if (kind !== null) byKind[kind] = (byKind[kind] ?? 0) + tasks
  }
  return shown
}

/** Jobs of the source, newest first. @throws {Refused} `input` */
export async function listRouteJobs(db: Reader, source: string, ask: PageAsk): Promise<Page<RouteJob>> {
  const limit = limitOf(ask)
  const [at, id] = readCursor('route jobs', source, z.tuple([momentText, uuidText]), ask.cursor) ?? [null, null]
  const rows = await readRows(
    db,
    `source = $1 and ($2::timestamptz is null or (created_at, id) < ($2::timestamptz, $3::uuid)) order by created_at desc, id desc limit $4`,
    [source, at, id, limit + 1],
  )
  return pageOf(rows, limit, (row) => makeCursor('route jobs', source, [row.at, row.id]), show)
}

/** @param id the full id; undefined when the job was deleted meanwhile */
export async function readRouteJob(db: Reader, id: string): Promise<RouteJob | undefined> {
  const [row] = await readRows(db, 'id = $1::uuid', [id])
  return row && show(row)
}
