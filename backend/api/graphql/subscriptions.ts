import { DEFAULT_LIMIT, MAX } from '../../service/base/cursor'
import type { JobDetail } from '../../service/jobs/detail'
import { checkFilter } from '../../service/jobs/list'
import { findJob } from '../../service/jobs/verbs'
import { askOf } from './connections'
import type { Context, JobsNews } from './context'
import { latest } from './latest'
import { filterOf, type JobsArgs } from './queries'

/** Of jobs that wait for a slow reader so many are kept: those of a page, and as many that have left it since. */
const MAX_WAITING = 2 * MAX

/** What waited and what came since, each job once and as it is now, the newest jobs where they are too many. */
export function merge(waiting: JobsNews, next: JobsNews): JobsNews {
  const jobs = [...new Map([...waiting.items, ...next.items].map((job) => [job.id, job])).values()]
  if (jobs.length > MAX_WAITING) jobs.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
  return { items: jobs.slice(0, MAX_WAITING), counts: next.counts }
}

/** What may be followed. */
export const Subscription = {
  jobProgress: {
    async subscribe(_: unknown, { id }: { id: string }, { service, news }: Context) {
      const job = await findJob(service, id)
      return latest<JobDetail>((sink) => news.job(job.id, sink))
    },
    resolve: (job: JobDetail) => job,
  },
  jobs: {
    subscribe(_: unknown, args: JobsArgs, { service, news }: Context) {
      const { limit } = askOf(args)
      // Looked at once for everybody: a wrong filter must not get that far.
      checkFilter(service, filterOf(args))
      return latest<JobsNews>((sink) => news.jobs(filterOf(args), limit ?? DEFAULT_LIMIT, sink), merge)
    },
    resolve: (update: JobsNews) => update,
  },
}
