import { z } from 'zod'
import type { RouteJob } from '../../../contract'
import type { AtprotoParams } from '../params'

const moment = z.iso.datetime()
const count = z.number().nonnegative()

/** A backfill in the words of this source's seed; what it does not know comes after. */
export const status = z
  .object({
    id: z.uuid(),
    collection: z.string().nullable().meta({ description: 'Null: every uploaded lexicon' }),
    did: z.string().nullable().meta({ description: 'The repo, if one was given' }),
    status: z.enum(['pending', 'running', 'completed', 'failed']),
    total_repos: count.meta({ description: 'Repos found so far, each once' }),
    processed_repos: count.meta({ description: 'Of them, read to their end or skipped for a reason' }),
    total_records: count,
    error: z.string().nullable(),
    started_at: moment.nullable(),
    completed_at: moment.nullable(),
    created_at: moment,
    failed_repos: count,
    skipped_repos: count,
    error_counts: z.record(z.string(), z.number()).meta({ description: 'Failed repos by kind of error' }),
    rejected_records: count,
    stage: z.enum(['pending', 'discovering_repos', 'resolving_and_fetching', 'paused', 'reporting', 'done']),
    state: z.string().meta({ description: 'queued, running, paused, completed, partial, failed or cancelled' }),
    dids: z.array(z.string()),
  })
  .meta({ id: 'Backfill' })

const STATUS: Record<string, z.infer<typeof status>['status']> = {
  queued: 'pending',
  running: 'running',
  paused: 'running',
  completed: 'completed',
}

/** The seed's word for a job's status; it has no word for one that ended in part. */
export const statusOf = (state: string): z.infer<typeof status>['status'] => STATUS[state] ?? 'failed'

type Tasks = RouteJob['tasks'][string]
const NONE: Tasks = { waiting: 0, ready: 0, done: 0, skipped: 0, failed: 0, cancelled: 0 }

const openOf = ({ waiting, ready }: Tasks): number => waiting + ready
const allOf = (tasks: Tasks): number => Object.values(tasks).reduce((sum, n) => sum + n, 0)

function stageOf({ status: state, tasks }: RouteJob): z.infer<typeof status>['stage'] {
  if (state === 'queued') return 'pending'
  if (state === 'paused') return 'paused'
  if (state !== 'running') return 'done'
  const { repo = NONE, late = NONE, ...discoveries } = tasks
  if (Object.values(discoveries).some((one) => openOf(one) > 0)) return 'discovering_repos'
  return openOf(repo) + openOf(late) > 0 ? 'resolving_and_fetching' : 'reporting'
}

function errorOf({ status: state, error }: RouteJob, repos: Tasks, failed: number): string | null {
  if (state === 'cancelled') return 'cancelled'
  if (state === 'partial') return `${failed} of ${allOf(repos)} repos failed${error ? `: ${error}` : ''}`
  return state === 'failed' ? (error ?? 'failed') : null
}

/** @param params undefined where another version wrote them */
export function statusShown(job: RouteJob, params: AtprotoParams | undefined): z.input<typeof status> {
  const { repo: repos = NONE, late = NONE } = job.tasks
  // A collection that was listed late is of a repo that is counted already.
  const failed = Math.min(allOf(repos), repos.failed + late.failed)
  const iso = (at: Date | null) => at?.toISOString() ?? null
  return {
    id: job.id,
    collection: params?.collection ?? null,
    did: params?.dids.length === 1 ? (params.dids[0] ?? null) : null,
    status: statusOf(job.status),
    total_repos: allOf(repos),
    processed_repos: repos.done + repos.skipped,
    total_records: job.seen,
    error: errorOf(job, repos, failed),
    started_at: iso(job.startedAt),
    completed_at: iso(job.completedAt),
    created_at: job.createdAt.toISOString(),
    failed_repos: failed,
    skipped_repos: repos.skipped,
    error_counts: job.failures,
    rejected_records: job.rejected,
    stage: stageOf(job),
    state: job.status,
    dids: params?.dids ?? [],
  }
}
