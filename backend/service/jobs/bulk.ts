import { z } from 'zod'
import { Refused } from '../../base/errors'
import type { Json } from '../../base/json'
import { ACTIVE_STATUSES, type BulkVerb, type JobStatus, MAX_BULK, quoted } from '../../base/vocabulary'
import type { PriorityName } from '../../contract'
import { findJob, PRIORITY } from '../../engine/jobs/verbs'
import type { Service } from '../base/context'
import { limitOf, makeCursor, momentSql, momentText, type PageAsk, readCursor, uuidText } from '../base/cursor'
import type { Actor } from '../suite/actions'
import { checkFilter, conditions, findJobs, type JobFilter } from './filter'
import { doPriority, doVerb } from './verbs'

/*
 * One verb on many jobs: some by id, or all that match a filter, however many pages a list of them has.
 */

export interface Bulk extends JobFilter {
  verb: BulkVerb
  /** Of the verb `priority`. */
  priority?: PriorityName
  /** These jobs. */
  ids?: readonly string[]
  /** Every job, where no filter is given. */
  all?: boolean
}

export interface BulkDone {
  done: string[]
  refused: { id: string; reason: string; state: string | null }[]
  /** The cursor of the jobs after these; null when all that match were asked. */
  next: string | null
}

export interface BulkPreview {
  /** Jobs that match the filter. */
  matching: number
  /** Those of them that the verb would change. */
  able: number
  /** The others by status. */
  others: { status: JobStatus; jobs: number }[]
}

const ACTIVE = `status in (${quoted(ACTIVE_STATUSES)})`
const FAILED = `status in ('failed', 'partial')`

/** Which jobs a verb changes, as `verbsFor` decides for one that is shown. */
const ABLE: Record<BulkVerb, string> = {
  pause: `status in ('queued', 'running')`,
  resume: `status = 'paused'`,
  cancel: ACTIVE,
  retry: `not coalesce(report ? 'cleared', false) and (${FAILED} or ${ACTIVE} and started_at is not null
            and exists (select from backhaul.tasks t where t.job_id = jobs.id and t.state = 'failed'))`,
  acknowledge: `${FAILED} and acknowledged_at is null`,
  priority: ACTIVE,
}

const isFiltered = ({ status, source, kind, q, since, until, all }: Bulk): boolean =>
  Boolean(all || status?.length || source || kind || q || since || until)

/** @throws {Refused} `input` */
function check(service: Service, bulk: Bulk): void {
  if ((bulk.ids !== undefined) === isFiltered(bulk))
    throw new Refused('input', 'Give either ids, or a filter such as a status, or all: true.', 'ids')
  if ((bulk.verb === 'priority') !== (bulk.priority !== undefined))
    throw new Refused('input', 'The verb priority needs a priority, and no other verb takes one.', 'priority')
  checkFilter(service, bulk)
}

async function matching(service: Service, bulk: Bulk, values: unknown[]): Promise<string> {
  const where = conditions(bulk, values, await findJobs(service, bulk.q))
  return bulk.status?.length ? `${where} and status = any($${values.push(bulk.status)}::backhaul.job_status[])` : where
}

function ableOf({ verb, priority }: Bulk, values: unknown[]): string {
  return verb === 'priority' ? `${ABLE[verb]} and priority <> $${values.push(PRIORITY[priority ?? 'backfill'])}` : ABLE[verb]
}

/** How many jobs match the filter, and how many of them the verb would change now; exact. @throws {Refused} `input` */
export async function previewBulk(service: Service, bulk: Bulk): Promise<BulkPreview> {
  check(service, bulk)
  const values: unknown[] = []
  const ids = bulk.ids && [...new Set(bulk.ids)]
  const where = ids ? `id::text = any($${values.push(ids)})` : await matching(service, bulk, values)
  const rows = await service.db.query<{ status: JobStatus; jobs: number; able: number }>(
    `select status, count(*)::int as jobs, (count(*) filter (where ${ableOf(bulk, values)}))::int as able from backhaul.jobs where ${where} group by status
      order by status`,
    values,
  )
  return {
    matching: rows.reduce((sum, { jobs }) => sum + jobs, 0),
    able: rows.reduce((sum, { able }) => sum + able, 0),
    others: rows.flatMap(({ status, jobs, able }) => (jobs > able ? [{ status, jobs: jobs - able }] : [])),
  }
}

/**
 * Applies a verb to many jobs; a job in another state does not stop the others. Jobs that match a filter are changed a batch at a
 * time, the newest first: send `next` as the cursor until it is null. Those that are created meanwhile are left out. Repeating a batch
 * changes nothing more.
 * @throws {Refused} `input`
 */
export async function steerJobs(service: Service, actor: Actor, bulk: Bulk, ask: PageAsk = {}): Promise<BulkDone> {
  check(service, bulk)
  const { ids } = bulk
  if (ids && ids.length > MAX_BULK) throw new Refused('input', `At most ${MAX_BULK} jobs at once, got ${ids.length}.`, 'ids')
  const batch = ids ? { ids: [...new Set(ids)], next: null } : await batchOf(service, bulk, ask)
  const outcome: BulkDone = { done: [], refused: [], next: batch.next }
  for (const id of batch.ids) {
    try {
      const job = await findJob(service, id)
      if (bulk.verb === 'priority') await doPriority(service, actor, job.id, bulk.priority ?? 'backfill', { bulk: true })
      else await doVerb(service, actor, bulk.verb, job.id, {}, { bulk: true })
      outcome.done.push(job.id)
    } catch (error) {
      if (!(error instanceof Refused) || error.code === 'setup') throw error
      outcome.refused.push({ id, reason: error.message, state: error.state ?? null })
    }
  }
  return outcome
}

/** The next jobs that match and that the verb would change. The cursor holds the moment of the first batch. */
async function batchOf(service: Service, bulk: Bulk, ask: PageAsk): Promise<{ ids: string[]; next: string | null }> {
  const limit = limitOf({ limit: MAX_BULK, ...ask }, MAX_BULK)
  const { verb, priority, status, ids: _, ...filter } = bulk
  const bound = { verb, priority, status: status && [...status], ...filter } satisfies Json
  const after = readCursor('bulk', bound, z.tuple([momentText, momentText, uuidText]), ask.cursor)
  const values: unknown[] = [after?.[0] ?? null, limit + 1]
  const where = `${await matching(service, bulk, values)} and ${ableOf(bulk, values)}`
  const next = after ? ` and (created_at, id) < ($${values.push(after[1])}::timestamptz, $${values.push(after[2])}::uuid)` : ''
  const rows = await service.db.query<{ id: string; at: string; created: string }>(
    `with clock as materialized (select coalesce($1::timestamptz, clock_timestamp()) as at)
     select id, ${momentSql('(select at from clock)')} as at, ${momentSql('created_at')} as created from backhaul.jobs
      where ${where} and created_at <= (select at from clock)${next} order by created_at desc, id desc limit $2`,
    values,
  )
  const kept = rows.slice(0, limit)
  const last = kept.at(-1)
  return {
    ids: kept.map(({ id }) => id),
    next: last && rows.length > limit ? makeCursor('bulk', bound, [last.at, last.created, last.id]) : null,
  }
}
