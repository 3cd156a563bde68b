import { logUnexpected } from '../../base/log-errors'
import type { Tx } from '../../base/sql'
import { count, counted } from '../../base/vocabulary'
import type { EndedJob, Source } from '../../contract'
import { isPassing } from '../../database/passing'
import type { Engine } from '../engine'
import { FINISH, insertEvents, OPEN, type Task } from '../store'
import { buildReport, type Report } from './report'
import { insertJobs, PRIORITY, parseParams, type Started } from './start'

/** A job that has ended, and the jobs that its source started with it; the caller admits and wakes these after the commit. */
export interface Ended {
  report: Report
  started: Started[]
}

/**
 * The job's last task: the report, the job's status, its event and the source's hook, in one transaction.
 * The job's row is locked, so that a pause, a cancel or a retry happens either before all of this or after all of it.
 * @returns undefined when the job no longer runs, or when it has open tasks again after a retry
 */
export async function finishJob(tx: Tx, engine: Ending, source: Source, task: Task): Promise<Ended | undefined> {
  if (!(await jobEnds(tx, task.job_id))) return undefined
  const report = await buildReport(tx, task.job_id)
  await endJob(tx, task.job_id, report)
  return { report, started: await callEnded(tx, engine, source, task.job_id, report) }
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
export async function failJob(tx: Tx, engine: Ending, source: Source, jobId: string, why: string): Promise<Ended> {
  const report = { ...(await buildReport(tx, jobId, 'failed')), verified: false, reason: why }
  await endJob(tx, jobId, report, why)
  return { report, started: await callEndedOnce(tx, engine, source, jobId, report) }
}

/** Ends a job that was cancelled and whose tasks are settled. @returns undefined when it has a report already */
export async function endCancelled(tx: Tx, engine: Ending, source: Source, jobId: string): Promise<Ended | undefined> {
  const [job] = await tx.query(`select id from backhaul.jobs where id = $1 and status = 'cancelled' and report is null for update`, [jobId])
  if (!job) return undefined
  const report = await buildReport(tx, jobId, 'cancelled')
  await endJob(tx, jobId, report)
  return { report, started: await callEndedOnce(tx, engine, source, jobId, report) }
}

/** The parts of the engine that ending jobs needs. */
type Ending = Pick<Engine, 'settings' | 'log'>

/** The hook of the source; the jobs it starts are in its transaction. @returns these */
async function callEnded(tx: Tx, engine: Ending, source: Source, id: string, report: Report): Promise<Started[]> {
  const started: Started[] = []
  await source.ended?.(
    tx,
    { id, params: source.params.parse(report.params), status: report.status as EndedJob['status'], report },
    async (params, { priority, force } = {}) => {
      const options = { priority: priority && PRIORITY[priority], force, origin: { kind: 'job', name: id } as const }
      const [job] = await insertJobs(tx, engine, source, [parseParams(source, params)], options)
      started.push(job)
      return { id: job.id, status: job.status, created: job.created }
    },
  )
  return started
}

/** The same where nothing would call it again: the job ends although its hook fails. */
async function callEndedOnce(tx: Tx, engine: Ending, source: Source, id: string, report: Report): Promise<Started[]> {
  await tx.query('savepoint ended')
  try {
    return await callEnded(tx, engine, source, id, report)
  } catch (error) {
    if (isPassing(error)) throw error
    await tx.query('rollback to savepoint ended')
    logUnexpected(engine.log, `The ended hook of ${source.name} failed; job ${id.slice(0, 8)} is ${report.status} without it`, error)
    return []
  }
}

/** Writes how a job ended. */
export async function endJob(tx: Tx, jobId: string, report: Report, why?: string): Promise<void> {
  const first = report.failures[0]
  const error =
    why ??
    (first
      ? `${count(report.tasks.failed)} of ${counted(report.tasks.total, 'task')} failed; the first: ${first.task}: ${first.error}`
      : null)
  await tx.query(
    `update backhaul.jobs set status = $2::backhaul.job_status, admitted = false, completed_at = coalesce(completed_at, clock_timestamp()), report = $3, error = $4, open = 0
      where id = $1`,
    [jobId, report.status, JSON.stringify(report), error],
  )
  const { source, status, verified, reason } = report
  await insertEvents(tx, [{ key: `job.${status}`, payload: { job: jobId, source, status, verified, reason } }])
}
