import type { Reader } from '../../../base/sql'
import type { CacheStatistics } from '../cache'
import { readCacheStatistics } from './cache-statistics'
import { listSnapshots, type Snapshot } from './catalog'
import { openMismatches } from './mismatches'

export interface Health {
  /** The newest date that is complete. */
  current: Snapshot | null
  /** The newest date. */
  latest: Snapshot | null
  /** Of the newest dates, at most ten. */
  recent: { total: number; complete: number; partial: number; updatedAt: Date | null }
  /** Refused files of the last day of which no right one came since. */
  mismatches: number
}

const RECENT = 10

/** How the newest dates stand. */
export async function storeHealth(db: Reader): Promise<Health> {
  const { snapshots } = await listSnapshots(db, { limit: RECENT })
  const complete = snapshots.filter((one) => one.status === 'complete')
  const current = complete[0] ?? (await listSnapshots(db, { status: 'complete', limit: 1 })).snapshots[0]
  const updated = snapshots.map((one) => one.updatedAt.getTime())
  return {
    current: current ?? null,
    latest: snapshots[0] ?? null,
    recent: {
      total: snapshots.length,
      complete: complete.length,
      partial: snapshots.length - complete.length,
      updatedAt: updated.length === 0 ? null : new Date(Math.max(...updated)),
    },
    mismatches: (await openMismatches(db, 24)).length,
  }
}

export interface Performance {
  cache: CacheStatistics
  /** Rows are the planner's estimate; null before the first analysis. */
  tables: { name: string; rows: number | null; bytes: number }[]
}

/** What reading files came to, and the size of the tables. */
export async function storePerformance(db: Reader): Promise<Performance> {
  const tables = await db.query<Performance['tables'][number]>(
    `select c.relname as name, nullif(c.reltuples, -1)::float8 as rows, pg_total_relation_size(c.oid)::float8 as bytes
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'toastmasters' and c.relkind = 'r' order by 1`,
  )
  return { cache: await readCacheStatistics(db), tables }
}
