import { z } from 'zod'
import { Refused } from '../../base/errors'
import type { Json } from '../../base/json'
import { JOB_STATUSES, type JobStatus } from '../../base/vocabulary'
import type { Report } from '../../engine/jobs/report'
import { findJob, report as reportOf } from '../../engine/jobs/verbs'
import { jobCounts } from '../base/caches'
import type { Service } from '../base/context'
import { limitOf, makeCursor, momentSql, momentText, type Page, type PageAsk, pageOf, readCursor, uuidText } from '../base/cursor'
import { type JobSummary, summaries } from './summary'

export type { JobSummary, JobWait } from './summary'

export interface JobFilter {
  status?: readonly string[]
  source?: string
  /** The beginning of an id, or any part of the active key or the params. */
  q?: string
}

export interface JobPage extends Page<JobSummary> {
  /** Jobs by status for the same source and text, whatever status was asked for. */
  counts: Record<JobStatus, number>
  total: number
}

/** @throws {Refused} `input` for an unknown status or source */
export function checkFilter({ sources }: Pick<Service, 'sources'>, { status, source }: JobFilter): void {
  const wrong = status?.find((word) => !JOB_STATUSES.some((one) => one === word))
  if (wrong !== undefined) throw new Refused('input', `There is no status "${wrong}"; there are ${JOB_STATUSES.join(', ')}.`, 'status')
  if (source !== undefined && !sources.some((one) => one.name === source))
    throw new Refused('input', `There is no source "${source}"; there are ${sources.map((one) => one.name).join(', ')}.`, 'source')
}

/** Conditions on `backhaul.jobs` with their values from `$1` on; without the status, which counts ignore. */
function conditions({ source, q }: JobFilter): { sql: string; values: unknown[] } {
  const parts = ['true']
  const values: unknown[] = []
  if (source !== undefined) parts.push(`source = $${values.push(source)}`)
  if (q) {
    const like = `$${values.push(`%${q.replace(/[\\%_]/g, '\\$&')}%`)}`
    parts.push(`(active_key ilike ${like} or params::text ilike ${like} or id::text like substr(lower(${like}), 2))`)
  }
  return { sql: parts.join(' and '), values }
}

/** The sources that have jobs, found by skipping from one to the next in the index. */
const SOURCES = `with recursive o as ((select source from backhaul.jobs order by source limit 1) union all
    select (select j.source from backhaul.jobs j where j.source > o.source order by j.source limit 1) from o where o.source is not null)
  select source from o where source is not null`

/**
 * Each source and status is read by itself, so that a page of few jobs does not read past the many others. It is a range, because for
 * equality the planner uses the index by time, which reads past them all.
 */
const OF_STATUS = `status between s.status and s.status`

/** The ids of a page of jobs, newest first, and the cursor after it. @throws {Refused} `input` */
export async function listJobIds(service: Service, filter: JobFilter, ask: PageAsk, most?: number): Promise<Page<string>> {
  checkFilter(service, filter)
  const limit = limitOf(ask, most)
  const bound = { status: [...(filter.status ?? [])].sort(), source: filter.source, q: filter.q } satisfies Json
  const after = readCursor('jobs', bound, z.tuple([momentText, uuidText]), ask.cursor)
  const { sql, values } = conditions(filter)
  const where = after ? `${sql} and (created_at, id) < ($${values.push(after[0])}::timestamptz, $${values.push(after[1])}::uuid)` : sql
  const first = `created_at desc, id desc limit $${values.push(limit + 1)}`
  const jobs =
    filter.status?.length || filter.source !== undefined
      ? `(${SOURCES}) o(source) cross join unnest($${values.push(filter.status?.length ? filter.status : JOB_STATUSES)}::backhaul.job_status[]) s(status)
           cross join lateral (select id, created_at from backhaul.jobs where source = o.source and ${OF_STATUS} and ${where}
                                order by status desc, ${first}) j`
      : `backhaul.jobs where ${where}`
  const rows = await service.db.query<{ id: string; at: string }>(
    `select id, ${momentSql('created_at')} as at from ${jobs} order by ${first}`,
    values,
  )
  return pageOf(
    rows,
    limit,
    (row) => makeCursor('jobs', bound, [row.at, row.id]),
    (row) => row.id,
  )
}

/** Jobs by status; a status without jobs counts 0. */
export async function countJobs(service: Service, filter: JobFilter): Promise<Record<JobStatus, number>> {
  const { sql, values } = conditions(filter)
  const found = await jobCounts(service).get(JSON.stringify([sql, values]), async () => {
    const rows = await service.db.query<{ status: string; n: number }>(
      // A text is searched in every job; without one the stored counts are used.
      filter.q
        ? `select status, count(*)::int as n from backhaul.jobs where ${sql} group by status`
        : `select status, sum(jobs)::int as n from backhaul.job_counts where ${sql} group by status`,
      values,
    )
    return Object.fromEntries(rows.map((row) => [row.status, row.n]))
  })
  return Object.fromEntries(JOB_STATUSES.map((status) => [status, found[status] ?? 0])) as Record<JobStatus, number>
}

/** Jobs, newest first. @throws {Refused} `input` for an invalid status, source, limit or cursor */
export async function listJobs(service: Service, filter: JobFilter, ask: PageAsk = {}): Promise<JobPage> {
  const [ids, counts] = await Promise.all([listJobIds(service, filter, ask), countJobs(service, filter)])
  const items = await summaries(service, ids.items)
  const wanted: readonly JobStatus[] = filter.status?.length
    ? JOB_STATUSES.filter((status) => filter.status?.includes(status))
    : JOB_STATUSES
  return { items, next: ids.next, counts, total: wanted.reduce((sum, status) => sum + counts[status], 0) }
}

/** One job by its id or the first characters of it. @throws {Refused} `missing`, `input` */
export async function getJob(service: Service, id: string): Promise<JobSummary> {
  const job = await findJob(service, id)
  const [summary] = await summaries(service, [job.id])
  if (!summary) throw new Refused('missing', `there is no job ${id}`, 'id')
  return summary
}

/** The report of a job, preliminary until it ends. @throws {Refused} `missing`, `input` */
export const getReport = (service: Service, id: string): Promise<Report> => reportOf(service, id)
