import type { Reader, Tx } from '../../../base/sql'
import type { CacheStatistics } from '../cache'

/** A worker that has written nothing for so long has ended. */
const ENDED_AFTER = "interval '10 minutes'"

/** What is counted, and since a reset counted from a base. */
const COUNTED = ['hits', 'misses', 'evicted', 'expired'] as const

/**
 * Writes down what a worker's cache has come to since the worker started. Pages of a worker share the row: one that finds it locked by
 * another leaves it to the next, so that they do not wait for each other.
 * @param worker host and process
 */
export async function saveCacheStatistics(tx: Tx, worker: string, it: CacheStatistics): Promise<void> {
  await tx.query(
    `with unlocked as materialized (select worker from toastmasters.cache_statistics where worker = $1 for update skip locked),
          updated as (
            update toastmasters.cache_statistics c
               set entries = $2, bytes = $3, updated_at = clock_timestamp(),
                   ${COUNTED.map(
                     // Another worker that has the number of one that ended counts from 0 again.
                     (name, n) => `${name} = $${n + 4}, base_${name} = case when $${n + 4} < c.${name} then 0 else c.base_${name} end`,
                   ).join(', ')}
              from unlocked where c.worker = unlocked.worker)
     insert into toastmasters.cache_statistics (worker, entries, bytes, ${COUNTED.join(', ')})
     select $1, $2, $3, $4::bigint, $5::bigint, $6::bigint, $7::bigint
      where not exists (select from toastmasters.cache_statistics where worker = $1)
     on conflict (worker) do nothing`,
    [worker, it.entries, it.bytes, ...COUNTED.map((name) => it[name])],
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
export async function resetCacheStatistics(tx: Tx): Promise<void> {
  await tx.query(`update toastmasters.cache_statistics set ${COUNTED.map((name) => `base_${name} = ${name}`).join(', ')}`)
}
