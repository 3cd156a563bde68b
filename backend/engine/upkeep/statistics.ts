import type { Source } from '../../contract'
import type { Db } from '../../database/db'

/*
 * A table that is new to Postgres has no statistics. Plans that were made for it while it was empty read an account's or a host's rows
 * whole, however many they have become; autovacuum comes once a minute at best. So a first backfill would cost the square of what it reads.
 */

/** Fewer rows are read as fast without statistics. */
export const LEAST_ROWS = 500

/**
 * Analyzes the tables of the engine and of sources that have rows and no statistics. Rows are those that Postgres has counted, which
 * takes up to a second. Tables of which the role may not do so, and those that somebody analyzes now, are passed over.
 * @returns the tables, by their qualified names
 */
export async function analyzeNewTables(db: Db, sources: readonly Source[]): Promise<string[]> {
  const tables = await db.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and c.reltuples < 0 and pg_stat_get_live_tuples(c.oid) >= ${LEAST_ROWS}
        and n.nspname = any($1) and pg_has_role(c.relowner, 'usage') order by 1`,
    [['backhaul', ...sources.map(({ name }) => name)]],
  )
  const names = tables.map(({ name }) => name)
  if (names.length > 0) await db.query(`analyze (skip_locked) ${names.join(', ')}`)
  return names
}
