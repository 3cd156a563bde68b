import type { ClientBase } from 'pg'

/*
 * We set every session setting that our statements rely on, because a role, a database or postgresql.conf may have other defaults. Only
 * default_transaction_read_only stays as it is: whoever sets it wants nothing to be written.
 */

/** How long a statement, a wait for a lock and a pause inside a transaction may take, ms; 0: no limit. */
export interface Timeouts {
  statement: number
  lock: number
  idle: number
}

const SETTINGS: Record<string, string> = {
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  search_path: 'public',
  standard_conforming_strings: 'on',
  extra_float_digits: '1',
  bytea_output: 'hex',
  array_nulls: 'on',
  // The planner takes tables without statistics to be large and would compile each short statement, which takes 100 ms and more.
  jit: 'off',
}

/** How long the first statement of a connection may take, ms: a pooler may have no server for it. */
const PREPARE_MS = 10_000

/** Connections through a pooler: each transaction may run in another session. */
const pooled = new WeakSet<ClientBase>()

/** Calls of set_config, as a list; with `local` they end with the transaction. */
function assignments(timeouts: Timeouts, local: boolean): string {
  const settings = {
    ...SETTINGS,
    statement_timeout: timeouts.statement,
    lock_timeout: timeouts.lock,
    idle_in_transaction_session_timeout: timeouts.idle,
    // Behind a pooler each transaction names its isolation itself.
    ...(!local && { default_transaction_isolation: 'read committed' }),
  }
  return [
    ...Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value}', ${local})`),
    // What was granted or committed must survive a crash; a stricter setting than ours stays.
    `set_config('synchronous_commit', coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on'), ${local})`,
    // Since PostgreSQL 17.
    `case when current_setting('transaction_timeout', true) is not null then set_config('transaction_timeout', '0', ${local}) end`,
  ].join(', ')
}

/**
 * Sets up a new connection with one statement. A pooler is recognized by the process id it reports, which is not the server's. Nothing
 * is set then, because others share the session; each transaction begins with {@link beginOn}.
 */
export async function prepareSession(client: ClientBase, timeouts: Timeouts): Promise<void> {
  // Missing from the driver's types; it comes with the protocol's BackendKeyData.
  const { processID } = client as ClientBase & { processID?: number | null }
  const isOurs = `pg_backend_pid() = ${processID ?? 0}`
  const text = `select ${isOurs} as direct, case when ${isOurs} then concat(${assignments(timeouts, false)}) end`
  const { rows } = await client.query<{ direct: boolean }>({ text, query_timeout: PREPARE_MS } as { text: string })
  if (!rows[0]?.direct) pooled.add(client)
}

/** Whether a prepared connection goes through a pooler. */
export const isPooled = (client: ClientBase): boolean => pooled.has(client)

/**
 * The SQL that begins a transaction on this connection.
 * @param mode isolation and access mode, in SQL
 */
export const beginOn = (client: ClientBase, timeouts: Timeouts, mode = 'isolation level read committed'): string =>
  isPooled(client) ? `begin ${mode}; select ${assignments(timeouts, true)}` : `begin ${mode}`
