import { jsonInt } from '../../base/vocabulary'
import type { FailureKind } from '../../contract'
import { failureKind } from '../../engine/failure-kinds'
import { findJob, type JobRow } from '../../engine/jobs/verbs'
import { faultGroups, isMissing } from '../../engine/store'
import { databaseCache } from '../base/caches'
import type { Service } from '../base/context'

/** Groups that are shown. */
const MAX_GROUPS = 50

/** Tasks of a job that failed, or are tried again, for one cause. */
export interface FailureGroup extends FailureKind {
  /** A retry chooses them by it. */
  id: string
  kind: string
  /** The API asked last; null where none was, or where that was not recorded. */
  api: string | null
  failed: number
  /** Tasks that are tried again by themselves. */
  retrying: number
  firstAt: string | null
  lastAt: string | null
  example: { task: number | string | null; stream: string; key: string; lane: string | null; error: string }
}

export interface Failures {
  items: FailureGroup[]
  /** Causes in all; the ones with the most tasks are listed. */
  total: number
  /** Tasks that a retry of what is missing would include besides the failed ones. */
  missing: number
  /** Such a retry also compares what is stored with what was asked for: it reads partitions that had no task, or whose rows are gone. */
  findsMissing: boolean
}

const cache = databaseCache<Failures>(1000)

/**
 * The failures of a job by cause, those with the most tasks first. What this costs grows with the tasks that have an error, not with
 * those of the job, and a result serves all who ask meanwhile.
 * @throws {Refused} `missing`, `input`
 */
export async function failuresOf(service: Pick<Service, 'db' | 'sources'>, id: string): Promise<Failures> {
  const job = await findJob(service, id)
  return await cache(service).get(`${job.id} ${job.status} ${job.report?.completedAt}`, () => readFailures(service, job))
}

async function readFailures({ db, sources }: Pick<Service, 'db' | 'sources'>, job: JobRow): Promise<Failures> {
  const source = sources.find((one) => one.name === job.source)
  if (job.report?.cleared) return fromReport(job, job.report.failures, source)
  const [groups, missing] = await Promise.all([faultGroups(db, job.id, MAX_GROUPS), countMissing({ db }, job.id, source?.missing?.kinds)])
  const items = groups.map(
    ({ groups: _, firstAt, lastAt, task, stream, key, lane, error, ...group }): FailureGroup => ({
      ...group,
      ...failureKind(group.kind, source),
      firstAt: firstAt.toISOString(),
      lastAt: lastAt.toISOString(),
      example: { task: jsonInt(task), stream, key, lane, error },
    }),
  )
  return { items, total: groups[0]?.groups ?? 0, missing, findsMissing: source?.missing?.plan !== undefined }
}

/** The tasks are deleted: the report keeps how many failed of each kind, and some of the errors. */
function fromReport(
  { report }: JobRow,
  failures: readonly { task: string; kind: string; error: string }[],
  source: Parameters<typeof failureKind>[1],
): Failures {
  const items = Object.entries(report?.failedBy ?? {}).map(([kind, failed]): FailureGroup => {
    const first = failures.find((one) => one.kind === kind)
    const [stream = '', ...key] = (first?.task ?? '').split(' ')
    const example = { task: null, stream, key: key.join(' '), lane: null, error: first?.error ?? '' }
    return { id: kind, kind, api: null, failed, retrying: 0, firstAt: null, lastAt: null, example, ...failureKind(kind, source) }
  })
  return { items, total: items.length, missing: 0, findsMissing: false }
}

async function countMissing({ db }: Pick<Service, 'db'>, jobId: string, kinds: readonly string[] = []): Promise<number> {
  const [row] = await db.query<{ tasks: number }>(
    `select count(*)::int as tasks from backhaul.tasks where job_id = $1 and ${isMissing('$2')}`,
    [jobId, kinds],
  )
  return row?.tasks ?? 0
}
