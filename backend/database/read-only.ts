import type { Reader } from '../base/sql'

/** Why nothing can be written to the database now: a sentence without names, for anybody. Undefined when it takes writes. */
export async function readOnlyReason(db: Reader): Promise<string | undefined> {
  const [row] = await db.query<{ standby: boolean; locked: boolean }>(
    `select pg_is_in_recovery() as standby, current_setting('transaction_read_only') = 'on' as locked`,
  )
  if (row?.standby) return 'The database is a hot standby, which takes no writes: point DATABASE_URL at the primary.'
  if (row?.locked)
    return 'The database takes no writes, because default_transaction_read_only is on: reset it for the role, the database or the server.'
  return undefined
}
