import { DEFAULT_LIMIT, MAX_LIMIT } from '../../base/vocabulary'
import type { JobDetail } from '../../service/jobs/detail'
import { checkFilter } from '../../service/jobs/list'
import { findJob } from '../../service/jobs/verbs'
import { askOf } from './connections'
import type { Context, JobsUpdate } from './context'
import { latest } from './latest'
import { filterOf, type JobsArgs } from './queries'

/** For a slow reader, this many jobs are kept: those of a page, and as many that have left it since. */
const MAX_WAITING = 2 * MAX_LIMIT

/** What was waiting and what arrived since, each job once with its latest state; only the newest when there are too many. */
export function merge(waiting: JobsUpdate, next: JobsUpdate): JobsUpdate {
  const jobs = [...new Map([...waiting.items, ...next.items].map((job) => [job.id, job])).values()]
  if (jobs.length > MAX_WAITING) jobs.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
  return { items: jobs.slice(0, MAX_WAITING), counts: next.counts }
}

/** What can be followed. */
export const Subscription = {
  jobProgress: {
    async subscribe(_: unknown, { id }: { id: string }, { service, updates }: Context) {
      const job = await findJob(service, id)
      return latest<JobDetail>((sink) => updates.job(job.id, sink))
    },
    resolve: (job: JobDetail) => job,
  },
  jobs: {
    subscribe(_: unknown, args: JobsArgs, { service, updates }: Context) {
      const { limit } = askOf(args)
      // One read serves all watchers: a wrong filter must not get that far.
      checkFilter(service, filterOf(args))
      return latest<JobsUpdate>((sink) => updates.jobs(filterOf(args), limit ?? DEFAULT_LIMIT, sink), merge)
    },
    resolve: (update: JobsUpdate) => update,
  },
}
