import { type Db, isAway } from '../db'
import { Refused } from '../engine/errors'

/**
 * Refuses to run on a database without our tables.
 * @throws {Refused} `setup`; while the server is only away the driver's own error, so that PM2 tries again
 */
export async function requireSchema(db: Db): Promise<void> {
  try {
    const [row] = await db.query<{ there: boolean }>(
      `select to_regclass('backhaul.tasks') is not null and to_regprocedure('backhaul.gate_acquire(jsonb,text,timestamptz)') is not null as there`,
    )
    if (!row?.there) throw new Refused('setup', 'The database has no Backhaul tables, or old ones; run: yarn migrate')
  } catch (error) {
    if (error instanceof Refused || isAway(error)) throw error
    throw new Refused('setup', `DATABASE_URL does not work: ${(error as Error).message}. Mend it in .env.`)
  }
}
