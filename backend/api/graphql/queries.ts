import { PRIORITY } from '../../engine/jobs'
import { listActions } from '../../service/actions'
import { listAlerts } from '../../service/alerts'
import { getDeadLetter, listDeadLetters } from '../../service/dead-letters'
import { estimateJob } from '../../service/estimate'
import { listGates } from '../../service/gates'
import { countJobs, getJob, type JobFilter, listJobIds, STATUSES } from '../../service/jobs'
import { overview } from '../../service/overview'
import { listSchedules } from '../../service/schedules'
import { listSources } from '../../service/sources'
import type { PriorityName } from '../../service/start'
import { summaries } from '../../service/summary'
import { listWebhooks, withoutKey } from '../../service/webhooks'
import { listWorkers } from '../../service/workers'
import { askOf, connection, type Window } from './connections'
import type { Context } from './context'
import { taskConnection } from './job-fields'

/** What a list of jobs is narrowed to. */
export interface JobsArgs extends Window {
  status?: string[] | null
  source?: string | null
  q?: string | null
}

export const filterOf = ({ status, source, q }: JobsArgs): JobFilter => ({
  status: status ?? undefined,
  source: source ?? undefined,
  q: q ?? undefined,
})

async function jobs(args: JobsArgs, { service }: Context) {
  const filter = filterOf(args)
  const page = await listJobIds(service, filter, askOf(args))
  const found = new Map((await summaries(service, page.items)).map((job) => [job.id, job]))
  const { nodes, edges, pageInfo } = connection(page, args)
  const counts = () => countJobs(service, filter)
  return {
    // A job may be removed between the two questions.
    nodes: nodes.flatMap((id) => found.get(id) ?? []),
    edges: edges.flatMap(({ node, cursor }) => (found.has(node) ? [{ node: found.get(node), cursor }] : [])),
    pageInfo,
    counts,
    async totalCount() {
      const all = await counts()
      return STATUSES.filter((status) => !filter.status?.length || filter.status.includes(status)).reduce((sum, one) => sum + all[one], 0)
    },
  }
}

/** What may be asked. */
export const Query = {
  job: (_: unknown, { id }: { id: string }, { service }: Context) => getJob(service, id),
  jobs: (_: unknown, args: JobsArgs, context: Context) => jobs(args, context),
  tasks: (_: unknown, { job, ...window }: Window & { job: string; state?: string }, context: Context) =>
    taskConnection(context, job, window),
  estimate: (_: unknown, { priority, ...ask }: { source: string; params: unknown; priority: PriorityName }, { service }: Context) =>
    estimateJob(service, { ...ask, priority: PRIORITY[priority] }),
  overview: (_: unknown, __: unknown, { service }: Context) => overview(service),
  sources: (_: unknown, __: unknown, { service }: Context) => listSources(service),
  workers: (_: unknown, __: unknown, { service }: Context) => listWorkers(service),
  gates: (_: unknown, __: unknown, { service }: Context) => listGates(service),
  deadLetters: (_: unknown, { queue, first }: Window & { queue?: string }, { service }: Context) =>
    listDeadLetters(service, { queue, limit: askOf({ first }).limit }),
  deadLetter: (_: unknown, { id }: { id: string }, { service }: Context) => getDeadLetter(service, id),
  schedules: (_: unknown, __: unknown, { service }: Context) => listSchedules(service),
  async webhooks(_: unknown, __: unknown, { service, canWrite }: Context) {
    const found = await listWebhooks(service)
    return canWrite ? found : found.map(withoutKey)
  },
  alerts: (_: unknown, __: unknown, { service }: Context) => listAlerts(service),
  async actions(_: unknown, window: Window, { service }: Context) {
    return connection(await listActions(service, askOf(window)), window)
  },
}
