import type { GridWindow, TaskChoice } from '../../contract'
import { type JobDetail, jobDetail } from '../../service/jobs/detail'
import { failuresOf } from '../../service/jobs/failures'
import { getReport, type JobSummary } from '../../service/jobs/list'
import { type LogAsk, readLog } from '../../service/jobs/log'
import { partitionsOf } from '../../service/jobs/partitions'
import { listRejects, listTasks } from '../../service/jobs/tasks'
import { timelineOf } from '../../service/jobs/timeline'
import { askOf, connection, type Window } from './connections'
import type { Context } from './context'
import { given } from './values'

const details = new WeakMap<JobSummary, Promise<JobDetail>>()

/** One read for all the parts of a job that a query selects; a job that is followed has them already. */
async function detailOf(job: JobSummary | JobDetail, { service }: Context): Promise<JobDetail> {
  if ('lanes' in job) return job
  const asked = details.get(job) ?? jobDetail(service, job.id)
  details.set(job, asked)
  return asked
}

const part =
  <K extends keyof JobDetail>(name: K) =>
  async (job: JobSummary, _: unknown, context: Context): Promise<JobDetail[K]> =>
    (await detailOf(job, context))[name]

type LogArgs = Pick<Window, 'first'> & { [K in keyof Omit<LogAsk, 'limit'>]: LogAsk[K] | null }

interface TaskFilter extends Omit<TaskChoice, 'task'> {
  state?: string
  task?: bigint | null
}

/** A job's tasks. @throws {Refused} */
export async function taskConnection({ service }: Context, id: string, { first, after, task, ...filter }: Window & TaskFilter) {
  const window = { first, after }
  return connection(await listTasks(service, id, { ...askOf(window), ...given({ ...filter, task: task?.toString() }) }), window)
}

/** Fields of a job that its summary does not have. */
export const Job = {
  lanes: part('lanes'),
  errors: part('errors'),
  rejectedBy: part('rejectedBy'),
  counters: part('counters'),
  notices: part('notices'),
  words: part('words'),
  inHand: part('inHand'),
  stages: part('stages'),
  earlierRuns: part('earlierRuns'),
  async requests(job: JobSummary, _: unknown, context: Context) {
    const { requests } = await detailOf(job, context)
    // A report written before bytes were counted has none.
    return Object.entries(requests).map(([api, figures]) => ({ api, ...figures, bytes: figures.bytes ?? 0 }))
  },
  timeline: (job: JobSummary, _: unknown, { service }: Context) => timelineOf(service, job.id),
  failures: (job: JobSummary, _: unknown, { service }: Context) => failuresOf(service, job.id),
  log: (job: JobSummary, { first, ...ask }: LogArgs, { service }: Context) =>
    readLog(service, job.id, { ...given(ask), limit: first ?? undefined }),
  report: (job: JobSummary, _: unknown, { service }: Context) => getReport(service, job.id),
  partitions: (job: JobSummary, window: { [K in keyof GridWindow]: GridWindow[K] | null }, { service }: Context) =>
    partitionsOf(service, job.id, given(window)),
  taskList: (job: JobSummary, window: Window, context: Context) => taskConnection(context, job.id, window),
  async rejects(job: JobSummary, window: Window, { service }: Context) {
    return connection(await listRejects(service, job.id, askOf(window)), window)
  },
}
