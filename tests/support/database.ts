import { type Db, openDb } from '../../backend/database/db'
import { testDatabase } from './env'
import { until } from './until'

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

/** Waits until somebody in this database waits for a lock: who waits first is the one that Postgres ends in a deadlock. */
export const lockIsAwaited = (db: Db): Promise<boolean> =>
  until(
    async () =>
      (await db.query(`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).length > 0,
    { what: 'a wait for a lock' },
  )

/** Until mocks are restored, the pause after a deadlock is the longest: the other side has what it waited for before it ends. */
export const longestPause = (): unknown => jest.spyOn(Math, 'random').mockReturnValue(0.999)
