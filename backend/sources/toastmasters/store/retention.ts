import type { Reader } from '../../../base/sql'

/** Rows deleted in one statement. */
const SWEEP = 2_000

const swept = async (db: Reader, table: string, condition: string): Promise<number> =>
  (
    await db.query(
      `delete from toastmasters.${table} where ctid = any(array(select ctid from toastmasters.${table} where ${condition} limit ${SWEEP})) returning 1`,
    )
  ).length

/** What is kept for a while only. Statistics, files and revisions are kept for good. */
export const retention = {
  mismatches: (db: Reader) => swept(db, 'mismatches', "at < clock_timestamp() - interval '90 days'"),
  cache_statistics: (db: Reader) => swept(db, 'cache_statistics', "updated_at < clock_timestamp() - interval '1 day'"),
}
