import type { Reader } from '../../../base/sql'

/** Rows deleted in one statement. */
const SWEEP = 2_000
/** Shopify ends an operation after 10 days and keeps its file for 7: after that nobody can go on with it. */
const IDLE = `updated_at < now() - interval '17 days'`

async function swept(db: Reader, table: string, which: string): Promise<number> {
  const gone = await db.query(`delete from commerce.${table} where ctid = any(array(${which} limit ${SWEEP})) returning 1`)
  return gone.length
}

const LINES = 'commerce.bulk_lines l where l.account_id = o.account_id and l.operation_id = o.operation_id'

/** Work in progress that will not go on. An operation stays while it has lines: without it nobody would find them. */
export const retention = {
  bulk_operations: (db: Reader) =>
    swept(
      db,
      'bulk_operations',
      `select ctid from commerce.bulk_operations o where ${IDLE} and (select true from ${LINES} limit 1) is null order by updated_at`,
    ),
  bulk_lines: (db: Reader) =>
    swept(
      db,
      'bulk_lines',
      `select l.ctid from (select account_id, operation_id from commerce.bulk_operations where ${IDLE} order by updated_at) o
        cross join lateral (select ctid from ${LINES} limit ${SWEEP}) l`,
    ),
  // For a day, somebody may ask what became of a connection.
  oauth_states: (db: Reader) =>
    swept(db, 'oauth_states', `select ctid from commerce.oauth_states where expires_at <= now() - interval '1 day' order by expires_at`),
}
