import type { Reader } from '../base/sql'

/** The database's clock: the one by which all processes go, whatever their machines' clocks show. */
export async function databaseTime(db: Reader): Promise<Date> {
  const [row] = await db.query<{ now: Date }>('select clock_timestamp() as now')
  return (row as { now: Date }).now
}
