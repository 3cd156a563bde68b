import { Refused } from '../../base/errors'
import type { JobStatus } from '../../base/vocabulary'
import { JOB_STATUSES } from '../../base/vocabulary'
import type { Report } from '../../engine/jobs/report'
import { findJob, report as reportOf } from '../../engine/jobs/verbs'
import { jobCounts } from '../base/caches'
import type { Service } from '../base/context'
import type { Page, PageAsk } from '../base/cursor'
import { conditions, findJobs, isCounted, type JobAsk, type JobFilter } from './filter'
import { listJobIds } from './page'
import { type JobSummary, summaries } from './summary'

export { checkFilter, type JobAsk, type JobFilter } from './filter'
export { listJobIds } from './page'
export type { JobSummary, JobWait } from './summary'

export interface JobPage extends Page<JobSummary> {
  /** Jobs by status that match the filter, whatever status was asked for. */
  counts: Record<JobStatus, number>
  total: number
}

/** Jobs by status; a status without jobs counts 0. */
export async function countJobs(service: Service, filter: JobFilter): Promise<Record<JobStatus, number>> {
  const values: unknown[] = []
  const sql = conditions(filter, values, await findJobs(service, filter.q))
  const found = await jobCounts(service).get(JSON.stringify([sql, values]), async () => {
    const rows = await service.db.query<{ status: string; n: number }>(
      isCounted(filter)
        ? `select status, sum(jobs)::int as n from backhaul.job_counts where ${sql} group by status`
        : `select status, count(*)::int as n from backhaul.jobs where ${sql} group by status`,
      values,
    )
    return Object.fromEntries(rows.map((row) => [row.status, row.n]))
  })
  return Object.fromEntries(JOB_STATUSES.map((status) => [status, found[status] ?? 0])) as Record<JobStatus, number>
}

/** Jobs, newest first unless asked otherwise. @throws {Refused} `input` for an invalid filter, order, limit or cursor */
export async function listJobs(service: Service, filter: JobAsk, ask: PageAsk = {}): Promise<JobPage> {
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
