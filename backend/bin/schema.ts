import { messageOf, Refused } from '../base/errors'
import type { Db } from '../database/db'
import { connectionFault, unreachable } from '../database/faults'
import { isPassing, isUnreachable } from '../database/passing'
import { readOnlyReason } from '../database/read-only'
import { migrations } from '../migrate/files'

/**
 * Refuses to run on a database that lacks a migration of this version.
 * @param url the URL of `db`, for messages
 * @throws {Refused} `setup`, also for a refused connection; another error while the server is unreachable or too busy, so that PM2 tries again
 */
export async function requireSchema(url: string, db: Db): Promise<void> {
  const missing = await missingMigration(url, db)
  if (missing) throw new Refused('setup', `The database lacks the migration ${missing}: run yarn migrate.`)
}

/**
 * Refuses to start a process that writes on a read-only database.
 * @throws {Error} with the reason; not `Refused`, because a standby may be promoted or a setting changed, and PM2 tries again until then
 */
export async function requireWrites(db: Db): Promise<void> {
  const reason = await readOnlyReason(db)
  if (reason) throw new Error(reason)
}

async function missingMigration(url: string, db: Db): Promise<string | undefined> {
  const all = migrations().map((migration) => migration.name)
  try {
    const [there] = await db.query<{ there: boolean }>(`select to_regclass('public._prisma_migrations') is not null as there`)
    if (!there?.there) return all[0]
    const done = await db.query<{ name: string }>(
      `select migration_name as name from public._prisma_migrations where finished_at is not null`,
    )
    return all.find((name) => !done.some((row) => row.name === name))
  } catch (error) {
    if (isUnreachable(error)) throw new Error(`PostgreSQL at DATABASE_URL cannot be reached (${(error as Error).message}): is it running?`)
    if (error instanceof Refused) throw error
    // A server that is too busy to answer in time answers later; a setting that is wrong stays so.
    if (isPassing(error) && !connectionFault(url, error))
      throw new Error(`PostgreSQL at DATABASE_URL cannot answer now: ${messageOf(error)}.`)
    throw unreachable(url, error)
  }
}
