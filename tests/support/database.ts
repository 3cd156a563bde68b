import { type Db, openDb } from '../../backend/database/db'
import { testDatabase } from './env'

/**
 * Gives the tests of the calling file a migrated database of their own.
 * @param use takes the open database before the first test, and may fill it
 */
export function ownDatabase(use: (db: Db, url: string) => unknown, options: Parameters<typeof openDb>[1] = {}): void {
  let close = async () => {}
  beforeAll(async () => {
    const env = await testDatabase()
    close = env.close
    const db = openDb(env.databaseUrl, options)
    close = async () => {
      await db.close()
      await env.close()
    }
    await use(db, env.databaseUrl)
  }, 300_000)
  afterAll(() => close())
}

/** A statement that Postgres ends as it ends one of two transactions that wait for each other. */
export const DEADLOCK = `do $$ begin raise exception 'deadlock detected' using errcode = 'deadlock_detected'; end $$`
