import type { Reader } from '../../../base/sql'
import type { CacheStatistics } from '../cache'

/** A worker that has written nothing for so long has ended. */
const ENDED_AFTER = "interval '10 minutes'"

/** Writes down what a worker's cache has come to. @param worker host and process */
export async function saveCacheStatistics(db: Reader, worker: string, it: CacheStatistics): Promise<void> {
  await db.query(
    `insert into toastmasters.cache_statistics as c (worker, entries, bytes, hits, misses, evicted, expired, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, clock_timestamp())
     on conflict (worker) do update set entries = excluded.entries, bytes = excluded.bytes, hits = excluded.hits, misses = excluded.misses,
       evicted = excluded.evicted, expired = excluded.expired, updated_at = excluded.updated_at`,
    [worker, it.entries, it.bytes, it.hits, it.misses, it.evicted, it.expired],
  )
}

/** The caches of all workers together: contents of those that run, events of all that are kept. */
export async function readCacheStatistics(db: Reader): Promise<CacheStatistics> {
  const [row] = await db.query<CacheStatistics>(
    `select coalesce(sum(entries) filter (where updated_at > clock_timestamp() - ${ENDED_AFTER}), 0)::float8 as entries,
            coalesce(sum(bytes) filter (where updated_at > clock_timestamp() - ${ENDED_AFTER}), 0)::float8 as bytes,
            coalesce(sum(hits), 0)::float8 as hits, coalesce(sum(misses), 0)::float8 as misses,
            coalesce(sum(evicted), 0)::float8 as evicted, coalesce(sum(expired), 0)::float8 as expired
       from toastmasters.cache_statistics`,
  )
  return row as CacheStatistics
}
