import type { Tx } from '../../base/sql'
import type { Source } from '../../contract'
import { FINISH, insertEvents, OPEN, type Task } from '../store'
import { buildReport, type Report } from './report'

/**
 * The job's last task: the source's own hook, the report, the job's status and its event, in one transaction.
 * The job's row is locked, so that a pause, a cancel or a retry happens either before all of this or after all of it.
 * @returns undefined when the job no longer runs, or when it has open tasks again after a retry
 */
export async function finishJob(tx: Tx, source: Source, task: Task): Promise<Report | undefined> {
  if (!(await jobEnds(tx, task.job_id))) return undefined
  await source.finish?.(tx, { id: task.job_id, params: source.params.parse(task.params) })
  const report = await buildReport(tx, task.job_id)
  await endJob(tx, task.job_id, report)
  return report
}

/** Whether a job runs and only its finish task is open; its row stays locked until the transaction ends. */
export async function jobEnds(tx: Tx, jobId: string): Promise<boolean> {
  const [job] = await tx.query<{ status: string }>(`select status from backhaul.jobs where id = $1 for update`, [jobId])
  // A statement of its own: one that waited for the lock would see the tasks as they were before it waited.
  const open = await tx.query(`select 1 from backhaul.tasks where job_id = $1 and state in ${OPEN} and stream <> '${FINISH}' limit 1`, [
    jobId,
  ])
  return job?.status === 'running' && open.length === 0
}

/** Ends a job whose finish task failed. */
export async function failJob(tx: Tx, jobId: string, why: string): Promise<void> {
  const report = await buildReport(tx, jobId, 'failed')
  await endJob(tx, jobId, { ...report, verified: false, reason: why }, why)
}

/** Writes how a job ended. */
export async function endJob(tx: Tx, jobId: string, report: Report, why?: string): Promise<void> {
  const first = report.failures[0]
  const error =
    why ?? (first ? `${report.tasks.failed} of ${report.tasks.total} tasks failed; the first: ${first.task}: ${first.error}` : null)
  await tx.query(
    `update backhaul.jobs set status = $2::backhaul.job_status, admitted = false, completed_at = coalesce(completed_at, clock_timestamp()), report = $3, error = $4, open = 0
      where id = $1`,
    [jobId, report.status, JSON.stringify(report), error],
  )
  const { source, status, verified, reason } = report
  await insertEvents(tx, [{ key: `job.${status}`, payload: { job: jobId, source, status, verified, reason } }])
}
