import type { Tx } from '../../backend/base/sql'
import type { Db } from '../../backend/database/db'

/**
 * Rows of the engine's tables that the statements of `work` read, by the plans that its connection has for them; those that an
 * index alone answers are not counted.
 */
export async function rowsReadBy(db: Db, work: (tx: Tx) => Promise<unknown>): Promise<number> {
  return await db.tx(async (tx) => {
    const read = async (): Promise<number> => {
      const [row] = await tx.query<{ rows: number }>(
        `select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::float8 as rows from pg_stat_xact_user_tables where schemaname = 'backhaul'`,
      )
      return row?.rows ?? 0
    }
    const before = await read()
    await work(tx)
    return (await read()) - before
  })
}
