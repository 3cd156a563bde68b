import type { Reader, Tx } from '../../../base/sql'
import type { Platform } from './records'

/*
 * What a job reads of each account, by entity. Rows outlive the job. A page notes its progress after it is written, because the row is
 * locked until the page is committed.
 */

export type Entity = 'orders' | 'listings' | 'payments' | 'products' | 'customers'
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

/**
 * Ends what a job has not ended by itself.
 * @returns how many rows of the job have each status now
 */
export async function endSyncJobs(
  tx: Tx,
  jobId: string,
  status: 'failed' | 'cancelled',
  reason: string,
): Promise<Partial<Record<SyncStatus, number>>> {
  await tx.query(
    `update commerce.sync_jobs set status = $2, reason = $3, finished_at = clock_timestamp(), updated_at = clock_timestamp()
      where job_id = $1 and status in ('queued', 'running')`,
    [jobId, status, reason],
  )
  const rows = await tx.query<{ status: SyncStatus; count: number }>(
    'select status, count(*)::int as count from commerce.sync_jobs where job_id = $1 group by 1',
    [jobId],
  )
  return Object.fromEntries(rows.map((row) => [row.status, row.count]))
}

/** The newest rows of a user, by job and in the order in which they are read. */
export const readSyncJobs = (db: Reader, userId: string, limit: number): Promise<SyncJob[]> =>
  db.query<SyncJob>(
    `select ${COLUMNS} from commerce.sync_jobs where user_id = $1 order by created_at desc, job_id, account_id, priority limit $2`,
    [userId, limit],
  )

/** Where the next incremental sync of an account's entity starts; undefined before a complete reading. */
export async function lastCursor(db: Reader, accountId: string, entity: Entity): Promise<string | undefined> {
  const [row] = await db.query<{ cursor: string }>(
    `select cursor from commerce.sync_jobs
      where account_id = $1 and entity = $2 and status = 'completed' and cursor is not null order by created_at desc limit 1`,
    [accountId, entity],
  )
  return row?.cursor
}
