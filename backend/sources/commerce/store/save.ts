import { createHash } from 'node:crypto'
import type { Tx } from '../../../base/sql'
import type { AccountRef, BaseRecord } from './records'
import { COLUMNS, type Table } from './tables'

/*
 * One statement for rows of any table. A row is written only by what is not older: by the platform's time of change, then by the time of
 * the request that showed it. So all orders in which answers arrive end in the same rows.
 */

/** A record with the columns that its table adds. */
export type Row = BaseRecord & Record<string, unknown>

export interface Saved {
  new: number
  updated: number
  unchanged: number
  /** Ids of rows whose content is another now. */
  changed: string[]
}

const TRANSACTION = 'pg_current_xact_id()::text::bigint'
const MOMENT = (row: string) => `(coalesce(${row}.updated_at, '-infinity'), ${row}.read_at)`

/** The same JSON with sorted names, so that equal contents have equal texts. A replacer of `JSON.stringify` takes twice as long. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  // Without a prototype, `__proto__` is a name as any other.
  const copy: Record<string, unknown> = Object.create(null)
  for (const name of Object.keys(value).sort()) copy[name] = sorted((value as Record<string, unknown>)[name])
  return copy
}

const hashOf = (row: Row): string =>
  createHash('sha256')
    .update(JSON.stringify(sorted(row)))
    .digest('base64url')

/** JSON that a column can hold: of characters that Postgres refuses, the escape is kept as text. */
export const textOf = (values: unknown): string =>
  JSON.stringify(values).replace(/(?<!\\)((?:\\\\)*)\\u(0000|d[89a-f][0-9a-f]{2})/g, '$1\\\\u$2')

/** One record for each id: the one that changed last, or the later one in the list. */
export function newest<T extends BaseRecord>(records: readonly T[]): T[] {
  const byId = new Map<string, T>()
  for (const one of records) {
    const other = byId.get(one.platformId)
    if (!other || timeOf(other) <= timeOf(one)) byId.set(one.platformId, one)
  }
  return [...byId.values()]
}

const timeOf = ({ updatedAt }: BaseRecord): number => (updatedAt === null ? Number.NEGATIVE_INFINITY : Date.parse(updatedAt))

/**
 * Writes what is not older than what is held.
 * @param readAt when the request that showed the rows was sent, by the database's clock
 * @param isPart the rows are parts of an order that was just written, and as new as it is: their own times are not compared
 */
export async function save(
  tx: Tx,
  table: Table,
  account: AccountRef,
  rows: readonly Row[],
  readAt: Date,
  { isPart = false } = {},
): Promise<Saved> {
  if (rows.length === 0) return { new: 0, updated: 0, unchanged: 0, changed: [] }
  const once = newest(rows)
  const columns = COLUMNS[table]
  const names = Object.values(columns)
  const values = once.map((row) => ({
    ...Object.fromEntries(Object.entries(columns).map(([field, column]) => [column, row[field] ?? null])),
    platform_id: row.platformId,
    updated_at: row.updatedAt,
    fingerprint: hashOf(row),
  }))
  const isNewer = `case when l.deleted_at is null then ${MOMENT('l')} <= ${MOMENT('excluded')} else l.read_at < excluded.read_at end`
  const isOther = `(l.fingerprint <> excluded.fingerprint or l.deleted_at is not null)`
  const written = await tx.query<{ id: string; isNew: boolean; isChanged: boolean }>(
    `insert into commerce.${table} as l (account_id, platform, platform_id, ${names.join(', ')}, updated_at, read_at, fingerprint, stored_in)
     select $1, $2, r.platform_id, ${names.map((name) => `r.${name}`).join(', ')}, r.updated_at, $3, r.fingerprint, ${TRANSACTION}
       from jsonb_populate_recordset(null::commerce.${table}, $4::jsonb) r order by r.platform_id
     on conflict (account_id, platform, platform_id) do update set
       ${names.map((name) => `${name} = excluded.${name}`).join(', ')},
       updated_at = excluded.updated_at, read_at = excluded.read_at, fingerprint = excluded.fingerprint, deleted_at = null,
       stored_at = case when ${isOther} then clock_timestamp() else l.stored_at end,
       stored_in = case when ${isOther} then ${TRANSACTION} else l.stored_in end
     where ${isPart ? 'true' : isNewer}
     returning l.platform_id as id, l.xmax = 0 as "isNew", l.stored_in = ${TRANSACTION} as "isChanged"`,
    [account.id, account.platform, readAt, textOf(values)],
  )
  const changed = written.filter((row) => row.isChanged)
  const added = changed.filter((row) => row.isNew).length
  return {
    new: added,
    updated: changed.length - added,
    unchanged: rows.length - changed.length,
    changed: changed.map((row) => row.id),
  }
}
