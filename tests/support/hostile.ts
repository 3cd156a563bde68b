import { Client } from 'pg'
import { databaseOf } from '../../backend/database/url'

const SETTINGS: Record<string, string> = {
  DateStyle: 'SQL, DMY',
  IntervalStyle: 'sql_standard',
  TimeZone: 'Asia/Kathmandu',
  search_path: 'nowhere',
  standard_conforming_strings: 'off',
  extra_float_digits: '-15',
  bytea_output: 'escape',
  array_nulls: 'off',
  jit: 'on',
  jit_above_cost: '0',
  client_encoding: 'LATIN1',
  default_transaction_isolation: 'serializable',
  synchronous_commit: 'off',
  statement_timeout: '3s',
  lock_timeout: '1ms',
  idle_in_transaction_session_timeout: '1ms',
}

/** Gives a database every default that its owner may set and that none of our statements expects. */
export async function makeHostile(url: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    for (const [name, value] of Object.entries(SETTINGS)) await client.query(`alter database "${databaseOf(url)}" set ${name} = '${value}'`)
  } finally {
    await client.end()
  }
}
