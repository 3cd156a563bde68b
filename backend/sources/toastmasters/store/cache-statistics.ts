import type { Reader } from '../../../base/sql'
import type { CacheStatistics } from '../cache'

/** A worker that has written nothing for so long has ended. */
const ENDED_AFTER = "interval '10 minutes'"

/** What is counted, and since a reset counted from a base. */
const COUNTED = ['hits', 'misses', 'evicted', 'expired'] as const

/** Writes down what a worker's cache has come to since the worker started. @param worker host and process */
export async function saveCacheStatistics(db: Reader, worker: string, it: CacheStatistics): Promise<void> {
  await db.query(
    `insert into toastmasters.cache_statistics as c (worker, entries, bytes, hits, misses, evicted, expired, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, clock_timestamp())
     on conflict (worker) do update set entries = excluded.entries, bytes = excluded.bytes, updated_at = excluded.updated_at,
       ${COUNTED.map(
         // Another worker that has the number of one that ended counts from 0 again.
         (name) => `${name} = excluded.${name}, base_${name} = case when excluded.${name} < c.${name} then 0 else c.base_${name} end`,
       ).join(', ')}`,
    [worker, it.entries, it.bytes, it.hits, it.misses, it.evicted, it.expired],
  )
}

/** The caches of all workers together: contents of those that run, and what was counted since the last reset by all that are kept. */
export async function readCacheStatistics(db: Reader): Promise<CacheStatistics> {
  const running = (name: string) =>
    `coalesce(sum(${name}) filter (where updated_at > clock_timestamp() - ${ENDED_AFTER}), 0)::float8 as ${name}`
  const counted = (name: string) => `coalesce(sum(${name} - base_${name}), 0)::float8 as ${name}`
  const [row] = await db.query<CacheStatistics>(
    `select ${[running('entries'), running('bytes'), ...COUNTED.map(counted)].join(', ')} from toastmasters.cache_statistics`,
  )
  return row as CacheStatistics
}

/** Counts from 0 from now on; what is in the caches stays. */
export async function resetCacheStatistics(db: Reader): Promise<void> {
  await db.query(`update toastmasters.cache_statistics set ${COUNTED.map((name) => `base_${name} = ${name}`).join(', ')}`)
}
