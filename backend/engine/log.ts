import type { Log } from '../base/log'

/*
 * Log lines of the engine that are not counted. Outcomes of work, which are logged and counted, are in outcomes.ts.
 */

export const logWorkerReady = (log: Log, app: string, id: string, queues: readonly string[]): void =>
  log.info(`${app} is ready`, { worker: id, queues: queues.join(',') })

export const logWorkerStopping = (log: Log, app: string, deliveries: number): void => log.info(`${app} is stopping`, { deliveries })

/** @param jobs one for each request; `created` is false where a job for the same was already active */
export function logJobsStarted(
  log: Log,
  source: string,
  jobs: readonly { id: string; created: boolean; added: readonly string[]; activeKey: string | null }[],
): void {
  const [first] = jobs
  if (jobs.length === 1 && first) {
    log.info(first.created ? 'Job started' : 'Job is already active', {
      ...{ job: first.id, source, of: first.activeKey, added: first.added.join(', ') || undefined },
    })
    return
  }
  const created = jobs.filter((job) => job.created).length
  log.info('Jobs started', { source, jobs: created, alreadyActive: jobs.length - created || undefined })
}

/** The result of one tick of a schedule. */
interface Tick {
  name: string
  tickAt: Date
  job?: { id: string; created: boolean }
  error?: string
  leftOut?: boolean
}

export function logTick(log: Log, { name, tickAt, job, error, leftOut }: Tick): void {
  const fields = { schedule: name, tick: tickAt.toISOString(), job: job?.id }
  if (error !== undefined) {
    log.warn(`Schedule started no job: ${error}`, fields)
    return
  }
  log.info(job?.created === false ? 'Schedule found its job already active' : 'Schedule started a job', fields)
  if (leftOut) log.warn('Skipped earlier ticks of the schedule: no scheduler was running', fields)
}

export const logAlert = (log: Log, kind: string, subject: string, message: string): void =>
  log.warn(`Alert: ${message}`, { alert: kind, subject })

export const logAlertCleared = (log: Log, kind: string, subject: string): void => log.info('Alert cleared', { alert: kind, subject })

/** @param deleted number of rows by kind */
export function logDeleted(log: Log, deleted: Record<string, number>): void {
  const rows = Object.fromEntries(Object.entries(deleted).filter(([, n]) => n > 0))
  if (Object.keys(rows).length > 0) log.info('Deleted expired rows', rows)
}

/** @param released tasks and lookups that these workers held */
export const logWorkersLost = (log: Log, workers: readonly string[], released: number): void =>
  log.warn('Workers stopped sending heartbeats; released what they held', { workers: workers.join(','), released })

export const logCredentialRefreshed = (log: Log, source: string, credential: string): void =>
  log.info('Refreshed the tokens of an account', { source, credential })

/** @param inMs when the next refresh may begin */
export const logRefreshFailed = (log: Log, source: string, credential: string, error: string, inMs: number): void =>
  log.warn(`Could not refresh the tokens of an account: ${error}`, { source, credential, inMs })

export const logCredentialDead = (log: Log, source: string, credential: string, reason: string): void =>
  log.error(`An account must be connected again: ${reason}`, { source, credential })
