import { findJob } from '../../engine/jobs'
import type { JobDetail } from '../../service/detail'
import { checkFilter } from '../../service/jobs'
import { askOf } from './connections'
import type { Context, JobsNews } from './context'
import { latest } from './latest'
import { filterOf, type JobsArgs } from './queries'

/** What waited and what came since, each job once and as it is now; never more than the list has. */
function merge(waiting: JobsNews, next: JobsNews): JobsNews {
  const jobs = new Map([...waiting.items, ...next.items].map((job) => [job.id, job]))
  return { items: [...jobs.values()], counts: next.counts }
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
      return latest<JobsNews>((sink) => news.jobs(filterOf(args), limit ?? 50, sink), merge)
    },
    resolve: (update: JobsNews) => update,
  },
}
