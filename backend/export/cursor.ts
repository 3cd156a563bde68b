import type { PoolClient } from 'pg'
import { Refused } from '../base/errors'
import type { Db } from '../database/db'
import { beginOn } from '../database/session'
import type { Query } from './relation'

/** Cells in Postgres' text form, in the order of the columns. */
export type Row = (string | null)[]

/** Characters of the rows in memory at once, about. */
const BATCH_CHARACTERS = 1_000_000
const FIRST_ROWS = 200
const MAX_ROWS = 5000
/** A reader that reads nothing for this long keeps Postgres from vacuuming, so the export ends. */
const READER_MINUTES = 10

const asText = { getTypeParser: () => (text: string) => text }
/** SQLSTATE class of a value that does not fit its column. */
const BAD_VALUE = /^22/

function explained(error: unknown, lost: Error | undefined): Error {
  const cause = (lost ?? error) as Error & { code?: string }
  if (cause.code === '25P03')
    return new Refused('state', `The export ended before its last row because its output was not read for ${READER_MINUTES} minutes.`)
  if (BAD_VALUE.test(cause.code ?? ''))
    return new Refused('input', `A value of --where, --from-date or --to-date does not fit its column: ${cause.message}`)
  return error as Error
}

/** @returns the id of the process that serves this transaction; behind a pooler another may serve the next */
async function open(client: PoolClient, { sql, values }: Query): Promise<number | undefined> {
  const timeouts = { statement: 0, lock: 10_000, idle: READER_MINUTES * 60_000 }
  await client.query(beginOn(client, timeouts, 'isolation level repeatable read read only'))
  const { rows } = await client.query<{ pid: number }>(
    `select pg_backend_pid() as pid, set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '${timeouts.idle}', true)`,
  )
  await client.query(`declare export_rows no scroll cursor for ${sql}`, values)
  return rows[0]?.pid
}

const sizeOf = (rows: readonly Row[]): number => rows.reduce((all, row) => all + row.reduce((sum, cell) => sum + (cell?.length ?? 4), 0), 0)

async function* batches(client: PoolClient): AsyncGenerator<Row[]> {
  for (let count = FIRST_ROWS; ; ) {
    const { rows } = await client.query<Row>({ text: `fetch ${count} from export_rows`, rowMode: 'array', types: asText })
    if (rows.length === 0) return
    count = Math.max(1, Math.min(MAX_ROWS, Math.floor((BATCH_CHARACTERS * rows.length) / sizeOf(rows))))
    yield rows
  }
}

/**
 * The rows of a query at one moment, batch by batch; the next is fetched once the previous one was taken. An abort cancels the running
 * statement.
 * @throws {Refused} `input` for a value that does not fit its column, `state` when no batch is taken for ten minutes
 */
export async function* readRows(db: Db, query: Query, signal?: AbortSignal): AsyncGenerator<Row[]> {
  const client = await db.pool.connect()
  let lost: Error | undefined
  // The first error is the reason; later ones only say that the connection is gone.
  const onLost = (error: Error) => {
    lost ??= error
  }
  let pid: number | undefined
  // Expected: the connection is gone already; then there is nothing to cancel.
  const onAbort = () => void (pid === undefined || db.query('select pg_cancel_backend($1)', [pid]).catch(onLost))
  client.on('error', onLost)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    pid = await open(client, query)
    yield* batches(client)
  } catch (error) {
    throw explained(error, lost)
  } finally {
    signal?.removeEventListener('abort', onAbort)
    await client.query('rollback').catch(onLost)
    client.off('error', onLost)
    client.release(lost)
  }
}
