import type { RetryLater, Throttled } from '../base/errors'
import { messageOf } from '../base/errors'
import type { Log } from '../base/log'
import { logStack } from '../base/log-errors'
import type { Report } from './jobs/report'
import type { Counts, Task } from './store'
import type { AlertKind } from './upkeep/event-keys'

/*
 * Everything the engine says, one function an event. Stack traces are for LOG_LEVEL=debug.
 */

const of = (task: Pick<Task, 'job_id' | 'id' | 'stream' | 'key' | 'step'>) => ({
  job: task.job_id.slice(0, 8),
  task: task.id,
  stream: task.stream,
  key: task.key,
  step: task.step,
})

/** What became of one tick of a schedule. */
interface Tick {
  name: string
  tickAt: Date
  job?: { id: string; created: boolean }
  error?: string
  leftOut?: boolean
}

export const said = {
  workerReady: (log: Log, app: string, id: string, queues: readonly string[]) =>
    log.info(`${app} is ready`, { worker: id, queues: queues.join(',') }),
  workerStops: (log: Log, app: string, holding: number) => log.info(`${app} is stopping`, { holding }),
  jobStarted: (log: Log, source: string, job: string, created: boolean, activeKey: string | null) =>
    log.info(created ? 'job started' : 'job is active already', { job: job.slice(0, 8), source, of: activeKey }),
  jobsStarted: (log: Log, source: string, created: number, asked: number) =>
    log.info('jobs started', { source, jobs: created, active: asked - created || undefined }),
  jobEnded: (log: Log, job: string, report: Report) =>
    log[report.status === 'completed' ? 'info' : 'warn'](`job ${report.status}`, {
      job: job.slice(0, 8),
      new: report.new,
      unchanged: report.unchanged || undefined,
      known: report.known,
      rejected: report.rejected,
      verified: report.verified,
      ...(report.verified ? {} : { because: report.reason }),
    }),
  page: (log: Log, task: Task, counts: Counts, ended: boolean) =>
    log.info(ended ? 'task done' : 'page', {
      ...of(task),
      seen: counts.seen - task.seen,
      new: counts.new - task.new,
      updated: counts.updated - task.updated || undefined,
      unchanged: counts.unchanged - task.unchanged || undefined,
      known: counts.known - task.known,
      rejected: counts.rejected - task.rejected || undefined,
    }),
  lost: (log: Log, task: Task) => log.warn('task was taken away while its page was read; nothing was written', of(task)),
  waits: (log: Log, task: Task, error: Throttled) => log.info(`waiting for ${error.on}`, { ...of(task), until: error.until.toISOString() }),
  retries: (log: Log, task: Task, kind: string, error: unknown, attempts: number, inMs: number) => {
    log.warn(`will try again: ${messageOf(error)}`, { ...of(task), kind, attempt: attempts, inSeconds: Math.round(inMs / 100) / 10 })
    logStack(log, error)
  },
  failed: (log: Log, task: Task, kind: string, error: unknown) => {
    log.error(`task failed: ${messageOf(error)}`, { ...of(task), kind })
    logStack(log, error)
  },
  laneGivenUp: (log: Log, task: Task, tasks: number) =>
    log.error(`the tasks that wait for ${task.lane} are given up with it`, { job: task.job_id.slice(0, 8), lane: task.lane, tasks }),
  ticked: (log: Log, it: Tick) => {
    const fields = { schedule: it.name, tick: it.tickAt.toISOString(), job: it.job?.id.slice(0, 8) }
    if (it.error !== undefined) log.warn(`schedule started nothing: ${it.error}`, fields)
    else log.info(it.job?.created === false ? 'schedule found its job active already' : 'schedule started a job', fields)
    if (it.leftOut && it.error === undefined) log.warn('ticks of the schedule before this one were missed and left out', fields)
  },
  alert: (log: Log, kind: AlertKind, subject: string, message: string) => log.warn(`alert: ${message}`, { alert: kind, subject }),
  alertCleared: (log: Log, kind: AlertKind, subject: string) => log.info('alert is over', { alert: kind, subject }),
  swept: (log: Log, taken: Record<string, number>) => {
    const rows = Object.fromEntries(Object.entries(taken).filter(([, n]) => n > 0))
    if (Object.keys(rows).length > 0) log.info('took away what was kept long enough', rows)
  },
  handedBack: (log: Log, tasks: number, workers: readonly string[]) =>
    log.warn('workers stopped sending heartbeats; their tasks are handed back', { tasks, workers: workers.join(',') }),
  lookups: (log: Log, kind: string, asked: number, answered: number, missing: number) =>
    log.info(`looked up ${kind}s`, { asked, answered, missing }),
  lookupsWait: (log: Log, kind: string, ids: number, error: RetryLater | Throttled | Error, inMs: number) =>
    log.warn(`${kind} lookups wait: ${messageOf(error)}`, { ids, inSeconds: Math.round(inMs / 100) / 10 }),
  lookupsFailed: (log: Log, kind: string, ids: number, error: Error) =>
    log.warn(`${kind} lookups failed, each is asked again later: ${messageOf(error)}`, { ids }),
  buried: (log: Log, queue: string, reason: string) => log.warn(`message set aside on ${queue}.dead: ${reason}`),
}
