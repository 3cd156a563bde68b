import type { Reader } from '../base/sql'

/** Why the database accepts no writes now, in a sentence without names, fit for anybody; undefined when it accepts them. */
export async function readOnlyReason(db: Reader): Promise<string | undefined> {
  const [row] = await db.query<{ standby: boolean; locked: boolean }>(
    `select pg_is_in_recovery() as standby, current_setting('transaction_read_only') = 'on' as locked`,
  )
  if (row?.standby) return 'The database is a hot standby and accepts no writes: point DATABASE_URL at the primary.'
  if (row?.locked)
    return 'The database accepts no writes, because default_transaction_read_only is on: reset it for the role, the database or the server.'
  return undefined
}
