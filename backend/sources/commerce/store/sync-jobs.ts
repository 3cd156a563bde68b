import type { Reader, Tx } from '../../../base/sql'
import type { Platform } from './records'

/*
 * What a job reads of each account, by entity. Rows outlive the job. A page notes its progress after it is written, because the row is
 * locked until the page is committed.
 */

export const ENTITY_NAMES = ['orders', 'listings', 'payments', 'products', 'customers'] as const
export type Entity = (typeof ENTITY_NAMES)[number]
export type SyncStatus = 'queued' | 'running' | 'completed' | 'failed' | 'cancelled'

export interface NewSyncJob {
  accountId: string
  platform: Platform
  entity: Entity
  jobType: 'backfill' | 'incremental'
  /** 1 comes first within an account. */
  priority: number
}

/** Which row of a job. */
export interface SyncKey {
  jobId: string
  accountId: string
  entity: Entity
}

export interface SyncJob extends NewSyncJob {
  id: string
  jobId: string
  userId: string
  status: SyncStatus
  cursor: string | null
  found: bigint
  expected: bigint | null
  reason: string | null
  createdAt: Date
  startedAt: Date | null
  finishedAt: Date | null
}

const COLUMNS = `id, job_id as "jobId", user_id as "userId", account_id as "accountId", platform, entity, job_type as "jobType", status,
  priority, cursor, found, expected, reason, created_at as "createdAt", started_at as "startedAt", finished_at as "finishedAt"`
const OF_KEY = 'job_id = $1 and account_id = $2 and entity = $3'
const valuesOf = ({ jobId, accountId, entity }: SyncKey): unknown[] => [jobId, accountId, entity]

/** Queues what a job will read; rows that the job has already stay as they are. */
export async function queueSyncJobs(tx: Tx, jobId: string, userId: string, list: readonly NewSyncJob[]): Promise<void> {
  if (list.length === 0) return
  await tx.query(
    `insert into commerce.sync_jobs (job_id, user_id, account_id, platform, entity, job_type, priority)
     select $1, $2, "accountId", platform, entity, "jobType", priority
       from jsonb_to_recordset($3::jsonb) as r ("accountId" uuid, platform text, entity text, "jobType" text, priority int)
      order by "accountId", priority, entity
     on conflict (job_id, account_id, entity) do nothing`,
    [jobId, userId, JSON.stringify(list)],
  )
}

/** Queues again what a job did not complete, for its retry. */
export async function requeueSyncJobs(tx: Tx, jobId: string): Promise<void> {
  await tx.query(
    `update commerce.sync_jobs set status = 'queued', reason = null, finished_at = null, updated_at = clock_timestamp()
      where job_id = $1 and status in ('failed', 'cancelled')`,
    [jobId],
  )
}

/**
 * Notes what a page found.
 * @param found how many records came with the page
 * @param expected how many there are in all, where the platform tells it
 */
export async function noteProgress(tx: Tx, key: SyncKey, { found = 0, expected }: { found?: number; expected?: number }): Promise<void> {
  await tx.query(
    `update commerce.sync_jobs
        set status = 'running', found = found + $4, expected = coalesce($5, expected), started_at = coalesce(started_at, clock_timestamp()),
            updated_at = clock_timestamp()
      where ${OF_KEY}`,
    [...valuesOf(key), found, expected ?? null],
  )
}

/** Ends one entity. @param cursor where the next incremental sync starts; without it the row keeps its own */
export async function endSyncJob(
  tx: Tx,
  key: SyncKey,
  { status, reason, cursor }: { status: 'completed' | 'failed' | 'cancelled'; reason?: string; cursor?: string },
): Promise<void> {
  await tx.query(
    `update commerce.sync_jobs
        set status = $4, reason = $5, cursor = coalesce($6, cursor), finished_at = clock_timestamp(), updated_at = clock_timestamp()
      where ${OF_KEY}`,
    [...valuesOf(key), status, reason ?? null, cursor ?? null],
  )
}

/** Ends what a job has not ended by itself. */
export async function endSyncJobs(tx: Tx, jobId: string, status: 'failed' | 'cancelled', reason: string): Promise<void> {
  await tx.query(
    `update commerce.sync_jobs set status = $2, reason = $3, finished_at = clock_timestamp(), updated_at = clock_timestamp()
      where job_id = $1 and status in ('queued', 'running')`,
    [jobId, status, reason],
  )
}

/** The newest rows of a user, by job and in the order in which they are read. */
export const readSyncJobs = (db: Reader, userId: string, limit: number): Promise<SyncJob[]> =>
  db.query<SyncJob>(
    `select ${COLUMNS} from commerce.sync_jobs where user_id = $1 order by created_at desc, job_id, account_id, priority limit $2`,
    [userId, limit],
  )

/** Parts of a job that it completed with a doubt, as `<account id> <entity>`. */
export async function doubtedParts(db: Reader, jobId: string): Promise<Set<string>> {
  const rows = await db.query<{ part: string }>(
    `select account_id || ' ' || entity as part from commerce.sync_jobs where job_id = $1 and status = 'completed' and reason is not null`,
    [jobId],
  )
  return new Set(rows.map(({ part }) => part))
}

/** How each part of a job stands, by `<account id> <entity>`. */
export async function readParts(db: Reader, jobId: string): Promise<Map<string, SyncStatus>> {
  const rows = await db.query<{ part: string; status: SyncStatus }>(
    `select account_id || ' ' || entity as part, status from commerce.sync_jobs where job_id = $1`,
    [jobId],
  )
  return new Map(rows.map(({ part, status }) => [part, status]))
}

/** How many records the last completed backfill of each entity of these accounts found, by `<account id> <entity>`. */
export async function lastFound(db: Reader, accountIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await db.query<{ part: string; found: number }>(
    `select a.id || ' ' || e.entity as part, last.found::float8 as found
       from unnest($1::uuid[]) a(id) cross join unnest($2::text[]) e(entity) cross join lateral (
         select found from commerce.sync_jobs
          where account_id = a.id and entity = e.entity and job_type = 'backfill' and status = 'completed'
          order by created_at desc limit 1) last`,
    [accountIds, ENTITY_NAMES],
  )
  return new Map(rows.map(({ part, found }) => [part, found]))
}

/** Up to which moment each entity of these accounts has been read completely, by `<account id> <entity>`. */
export async function lastCursors(db: Reader, accountIds: readonly string[]): Promise<Map<string, string>> {
  const rows = await db.query<{ part: string; cursor: string }>(
    `select a.id || ' ' || e.entity as part, last.cursor
       from unnest($1::uuid[]) a(id) cross join unnest($2::text[]) e(entity) cross join lateral (
         select cursor from commerce.sync_jobs
          where account_id = a.id and entity = e.entity and status = 'completed' and cursor is not null
          order by created_at desc limit 1) last`,
    [accountIds, ENTITY_NAMES],
  )
  return new Map(rows.map(({ part, cursor }) => [part, cursor]))
}
