import { type BulkVerb, JOB_STATUSES, type JobSort } from '../../base/vocabulary'
import type { PriorityName } from '../../contract'
import { listSources } from '../../service/base/registry'
import { effectOf, listDeploys } from '../../service/history/effect'
import { type Bulk, previewBulk } from '../../service/jobs/bulk'
import { type CommandAsk, estimateCommand } from '../../service/jobs/commands'
import { estimateJob } from '../../service/jobs/estimate'
import { countJobs, getJob, type JobAsk, listJobIds } from '../../service/jobs/list'
import { PRIORITY } from '../../service/jobs/start'
import { summaries } from '../../service/jobs/summary'
import { deadGroups } from '../../service/queues/dead-groups'
import { getDeadLetter, listDeadLetters } from '../../service/queues/dead-letters'
import { listSchedules } from '../../service/schedules/schedules'
import { listActions } from '../../service/suite/actions'
import { alertGroups, listAlerts } from '../../service/suite/alerts'
import { listGates } from '../../service/suite/gates'
import { listLimits } from '../../service/suite/limits'
import { overview } from '../../service/suite/overview'
import { list as listRefusals } from '../../service/suite/refusals'
import { listWorkers } from '../../service/suite/workers'
import { listWebhooks, withoutKey } from '../../service/webhooks/webhooks'
import { askOf, connection, type Window } from './connections'
import type { Context } from './context'
import { taskConnection } from './job-fields'
import { given } from './values'

interface FilterArgs {
  status?: string[] | null
  source?: string | null
  kind?: string | null
  q?: string | null
  since?: Date | null
  until?: Date | null
}

/** Arguments of a list of jobs. */
export interface JobsArgs extends Window, FilterArgs {
  sort?: JobSort | null
}

export const filterOf = ({ status, source, kind, q, since, until, sort }: JobsArgs): JobAsk => ({
  status: status ?? undefined,
  source: source ?? undefined,
  kind: kind ?? undefined,
  q: q ?? undefined,
  since: since?.toISOString(),
  until: until?.toISOString(),
  ...(sort && { sort }),
})

/** Arguments of one verb on many jobs. */
export interface BulkArgs extends FilterArgs {
  verb: BulkVerb
  priority?: PriorityName | null
  ids?: string[] | null
  all?: boolean | null
}

export const bulkOf = ({ verb, priority, ids, all, ...filter }: BulkArgs): Bulk => ({
  verb,
  ...(priority && { priority }),
  ...(ids && { ids }),
  ...(all && { all }),
  ...filterOf(filter),
})

async function jobs(args: JobsArgs, { service }: Context) {
  const filter = filterOf(args)
  const page = await listJobIds(service, filter, askOf(args))
  const found = new Map((await summaries(service, page.items)).map((job) => [job.id, job]))
  const { nodes, edges, pageInfo } = connection(page, args)
  const counts = () => countJobs(service, filter)
  return {
    // A job may be removed between the two queries.
    nodes: nodes.flatMap((id) => found.get(id) ?? []),
    edges: edges.flatMap(({ node, cursor }) => (found.has(node) ? [{ node: found.get(node), cursor }] : [])),
    pageInfo,
    counts,
    async totalCount() {
      const all = await counts()
      return JOB_STATUSES.filter((status) => !filter.status?.length || filter.status.includes(status)).reduce(
        (sum, one) => sum + all[one],
        0,
      )
    },
  }
}

/** Resolvers of queries. */
export const Query = {
  job: (_: unknown, { id }: { id: string }, { service }: Context) => getJob(service, id),
  jobs: (_: unknown, args: JobsArgs, context: Context) => jobs(args, context),
  bulkPreview: (_: unknown, args: BulkArgs, { service }: Context) => previewBulk(service, bulkOf(args)),
  tasks: (_: unknown, { job, ...window }: Window & { job: string; state?: string }, context: Context) =>
    taskConnection(context, job, window),
  estimate: (_: unknown, { priority, ...ask }: { source: string; params: unknown; priority: PriorityName }, { service }: Context) =>
    estimateJob(service, { ...ask, priority: PRIORITY[priority] }),
  commandEstimate: (_: unknown, ask: Partial<CommandAsk>, { service }: Context) => estimateCommand(service, given(ask) as CommandAsk),
  overview: (_: unknown, __: unknown, { service }: Context) => overview(service),
  sources: (_: unknown, __: unknown, { service }: Context) => listSources(service),
  workers: (_: unknown, __: unknown, { service }: Context) => listWorkers(service),
  gates: (_: unknown, __: unknown, { service }: Context) => listGates(service),
  limits: (_: unknown, __: unknown, { service }: Context) => listLimits(service),
  deploys: (_: unknown, __: unknown, { service }: Context) => listDeploys(service.db),
  deployEffect: (_: unknown, { at }: { at?: Date | null }, { service }: Context) => effectOf(service.db, at?.toISOString()),
  deadLetters: (_: unknown, { queue, group, first }: Window & { queue?: string | null; group?: string | null }, { service }: Context) =>
    listDeadLetters(service, { queue: queue ?? undefined, group: group ?? undefined, limit: askOf({ first }).limit }),
  deadLetterGroups: (_: unknown, { queue }: { queue?: string | null }, { service }: Context) => deadGroups(service, queue ?? undefined),
  deadLetter: (_: unknown, { id }: { id: string }, { service }: Context) => getDeadLetter(service, id),
  refusals: (_: unknown, { kind, first }: Window & { kind?: string | null }, { service }: Context) =>
    listRefusals(service, { kind: kind ?? undefined, limit: askOf({ first }).limit }),
  schedules: (_: unknown, __: unknown, { service }: Context) => listSchedules(service),
  async webhooks(_: unknown, __: unknown, { service, canWrite }: Context) {
    const found = await listWebhooks(service)
    return canWrite ? found : found.map(withoutKey)
  },
  alerts: async (_: unknown, { kind, first }: Window & { kind?: string | null }, { service }: Context) =>
    (await listAlerts(service, { kind: kind ?? undefined }, { limit: askOf({ first }).limit })).items,
  alertGroups: (_: unknown, __: unknown, { service }: Context) => alertGroups(service),
  async actions(_: unknown, window: Window, { service }: Context) {
    return connection(await listActions(service, askOf(window)), window)
  },
}
