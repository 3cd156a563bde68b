import { Refused } from '../../backend/base/errors'
import type { JobSort, JobStatus } from '../../backend/base/vocabulary'
import { livePlaces, type Progress, progress } from '../../backend/engine/jobs/progress'
import { aboutOf, settledOf } from '../../backend/service/base/about'
import { countJobs, listJobIds } from '../../backend/service/jobs/list'
import { sources } from '../../backend/sources'
import type { Context } from './context'
import { jobJson, waitTexts } from './job-text'
import { count, cut, duration, moment, shortId, table, toJson } from './text'

const MAX = 10_000

export interface ListOptions {
  status?: string
  source?: string
  kind?: string
  search?: string
  since?: string
  until?: string
  sort: string
  limit: string
  json?: boolean
}

/** `--limit` and the like. @throws {Refused} */
export function parseCount(text: string, flag: string, most = MAX): number {
  if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= most) return Number(text)
  throw new Refused('input', `${flag} must be a whole number from 1 to ${count(most)}, got ${text}.`, flag)
}

/** Jobs in the order asked for. */
export async function listJobs(context: Context, options: ListOptions): Promise<void> {
  const { db, terminal } = context
  const service = context.service(sources)
  const { source, kind, search: q, since, until } = options
  const sort = options.sort as JobSort
  const filter = { status: options.status?.split(',').map((word) => word.trim()), source, kind, q, since, until, sort }
  const ids = await listJobIds(service, filter, { limit: parseCount(options.limit, '--limit') }, MAX)
  const running = { live: await livePlaces(db), sources, limits: service.limits, config: service.config }
  const jobs = await progress(db, ids.items)
  if (options.json) terminal.out(toJson(jobs.map((job) => jobJson(job, running))))
  else if (jobs.length === 0) terminal.out('No jobs. Start one with a queue script, for example yarn queue:character-killmails 2117325769')
  else {
    terminal.out(
      table(
        ['job', 'source', 'about', 'status', 'tasks', 'seen', 'new', 'created (UTC)', 'took', ''],
        jobs.map((job) => rowOf(job, waitTexts(job, running)[0])),
      ),
    )
    if (ids.next === null) return
    const counts = Object.entries(await countJobs(service, filter)) as [JobStatus, number][]
    const all = counts.reduce((sum, [status, n]) => sum + (filter.status?.includes(status) === false ? 0 : n), 0)
    terminal.out(`${count(all - jobs.length)} more jobs: --limit ${all}`)
  }
}

function rowOf(job: Progress, wait: string | undefined): (string | number)[] {
  return [
    shortId(job.id),
    job.source,
    cut(aboutOf(job, sources), 48),
    job.status,
    `${count(settledOf(job))}/${count(job.tasks.total)}`,
    job.seen,
    job.new,
    moment(job.createdAt),
    duration(job.seconds * 1000),
    cut(wait ?? job.error ?? '', 80),
  ]
}
