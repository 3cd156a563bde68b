import { createHash } from 'node:crypto'
import type { Reader, Tx } from '../base/sql'
import { type Connection, type PoolClient, Query, type QueryResult } from './driver'
import { beginOn, isPooled, type Timeouts } from './session'
import { converted } from './values'

/*
 * A transaction costs no round trips of its own: BEGIN travels with the first statement and COMMIT with the last, where the caller marks
 * it. The server runs the messages in order and skips all that follow a failed one, up to the Sync that ends them:
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */

/**
 * Runs the last statement of a transaction and commits with it. A statement whose result must not be committed has to fail.
 * @throws the error of the statement or the commit; nothing is committed then
 */
export type End = Reader['query']

const names = new Map<string, string>()

/**
 * Named statements are planned once per connection, which halves the time of the short ones a page needs. The name is a hash of the
 * text, so that processes which share a connection can never run each other's statements.
 */
function statementName(sql: string): string {
  const name = names.get(sql) ?? createHash('sha256').update(sql).digest('hex').slice(0, 40)
  names.set(sql, name)
  return name
}

/** Single statements on one connection. */
export const statementsOn = (client: PoolClient): Reader => ({
  async query<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    // Behind a pooler a name known to one session may be sent to another.
    const named = values.length > 0 && !isPooled(client)
    return (await client.query<Row>({ name: named ? statementName(sql) : undefined, text: sql, values: converted(values) })).rows
  },
})

/** Statements that travel with another one: before its values, after its execution. */
interface Around {
  first?: string
  last?: string
}

/** Sends a statement that has neither values nor rows. */
function run(connection: Connection, text: string): void {
  connection.parse({ text } as Parameters<Connection['parse']>[0], true)
  connection.bind({}, true)
  connection.execute({}, true)
}

/** Sends one statement, and those that travel with it, in one message. It is named, because the others use the unnamed place. */
function sendWith<Row extends object>(
  client: PoolClient,
  { first, last }: Around,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const query = new Query({ name: statementName(sql), text: sql, values: converted(values) })
  const submit = query.submit
  query.submit = (connection) =>
    submit.call(
      query,
      Object.create(connection, {
        bind: {
          value(config: Parameters<Connection['bind']>[0]) {
            if (first) run(connection, first)
            connection.bind(config, true)
          },
        },
        execute: {
          value(config: Parameters<Connection['execute']>[0]) {
            connection.execute(config, true)
            if (last) run(connection, last)
          },
        },
      }),
    )
  return new Promise((resolve, reject) => {
    const answer = (error: Error | null, results: QueryResult<Row>[]) =>
      error ? reject(error) : resolve(results[first ? 1 : 0]?.rows ?? [])
    // The driver accepts a callback with a query of this kind; its types do not say so.
    ;(client.query as (query: Query, callback: typeof answer) => void)(query, answer)
  })
}

/** How far a transaction is, for the one that follows it on its connection. */
export interface Standing {
  isFailed: boolean
  /** Called when its last statement and its commit are on their way. */
  onSent?(): void
}

/**
 * Runs `work` in one transaction and commits, unless `end` has; rolls back when it throws.
 * @param lose called with an error after which the connection cannot be used again
 * @param mine is kept up to date
 * @param previous of the transaction before on this connection, if its answer may still be on its way: where it has failed, nothing of
 *   this one is sent any more. What was sent meanwhile the server refuses, because its transaction is aborted.
 */
export async function transaction<T>(
  client: PoolClient,
  timeouts: Timeouts,
  lose: (error: Error) => void,
  work: (tx: Tx, end: End) => Promise<T>,
  mine: Standing = { isFailed: false },
  previous?: Standing,
): Promise<T> {
  const one = statementsOn(client)
  const apart = isPooled(client)
  let state = 'new' as 'new' | 'open' | 'ended'

  function send<Row extends object>(last: string | undefined, sql: string, values?: readonly unknown[]): Promise<Row[]> {
    if (state === 'ended') return Promise.reject(new Error('A statement came after the last one of its transaction.'))
    if (previous?.isFailed) return Promise.reject(new Error('The transaction before this one was not committed.'))
    const first = state === 'new' ? beginOn(client, timeouts) : undefined
    state = last ? 'ended' : 'open'
    const answer = first || last ? sendWith<Row>(client, { first, last }, sql, values) : one.query<Row>(sql, values)
    if (last) mine.onSent?.()
    return answer
  }
  async function end<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]> {
    if (!apart) return await send<Row>('commit', sql, values)
    const rows = await send<Row>(undefined, sql, values)
    state = 'ended'
    await client.query('commit')
    return rows
  }

  try {
    if (apart) {
      state = 'open'
      await client.query(beginOn(client, timeouts))
    }
    const result = await work({ query: (sql, values) => send(undefined, sql, values), inTransaction: true }, end)
    if (state === 'open') await client.query('commit')
    return result
  } catch (error) {
    mine.isFailed = true
    const begun = state !== 'new'
    // What still runs of the work would run outside of the transaction.
    state = 'ended'
    if (begun) await client.query('rollback').catch(lose)
    throw error
  }
}
