import type { ClientBase } from 'pg'

/*
 * What our statements rely on in a session is set by us: a role, a database or postgresql.conf may carry other defaults. Only
 * default_transaction_read_only stays as it is, because whoever sets it wants that nothing is written.
 */

/** How long a statement, a wait for a lock and a pause inside a transaction may take, ms; 0: for ever. */
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
  // Tables without statistics look so large to the planner that it compiles each short statement, which takes 100 ms and more.
  jit: 'off',
}

/** How long the first statement of a connection may take, ms: a pooler may have no server for it. */
const PREPARE_MS = 10_000

/** Connections that lead through a pooler, so that each transaction may run in another session. */
const pooled = new WeakSet<ClientBase>()

/** A list of calls of set_config; `local` ones end with the transaction. */
function assignments(timeouts: Timeouts, local: boolean): string {
  const settings = {
    ...SETTINGS,
    statement_timeout: timeouts.statement,
    lock_timeout: timeouts.lock,
    idle_in_transaction_session_timeout: timeouts.idle,
    // A transaction of a pooler's connection names its isolation itself.
    ...(!local && { default_transaction_isolation: 'read committed' }),
  }
  return [
    ...Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value}', ${local})`),
    // What was granted or committed must outlive a crash; a stricter setting than ours stays.
    `set_config('synchronous_commit', coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on'), ${local})`,
    // Since PostgreSQL 17.
    `case when current_setting('transaction_timeout', true) is not null then set_config('transaction_timeout', '0', ${local}) end`,
  ].join(', ')
}

/**
 * Sets up a new connection, with one statement. A pooler tells its clients a process id of its own, by which it is known; then
 * nothing is set, because others use that session as well, and each transaction begins with {@link beginOn}.
 */
export async function prepareSession(client: ClientBase, timeouts: Timeouts): Promise<void> {
  // Absent in the driver's types; it comes with the protocol's BackendKeyData.
  const { processID } = client as ClientBase & { processID?: number | null }
  const isOurs = `pg_backend_pid() = ${processID ?? 0}`
  const text = `select ${isOurs} as direct, case when ${isOurs} then concat(${assignments(timeouts, false)}) end`
  const { rows } = await client.query<{ direct: boolean }>({ text, query_timeout: PREPARE_MS } as { text: string })
  if (!rows[0]?.direct) pooled.add(client)
}

/** Whether a connection that was prepared leads through a pooler. */
export const isPooled = (client: ClientBase): boolean => pooled.has(client)

/**
 * What begins a transaction on this connection.
 * @param mode isolation and access, in the words of SQL
 */
export const beginOn = (client: ClientBase, timeouts: Timeouts, mode = 'isolation level read committed'): string =>
  isPooled(client) ? `begin ${mode}; select ${assignments(timeouts, true)}` : `begin ${mode}`
