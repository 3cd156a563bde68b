import type { Reader } from '../base/sql'

/** The kind of values in a column, as far as the formats differ. */
export type Kind =
  | 'int'
  | 'bigint'
  | 'float'
  | 'double'
  | 'numeric'
  | 'boolean'
  | 'timestamptz'
  | 'timestamp'
  | 'date'
  | 'json'
  | 'uuid'
  | 'bytes'
  | 'text'

export interface Column {
  name: string
  kind: Kind
  /** An array in Postgres; a JSON list here. */
  isArray: boolean
  nullable: boolean
  /** Of a `numeric(p, s)`; absent where Postgres sets no bound. */
  precision?: number
  scale?: number
}

const KINDS: Record<string, Kind> = {
  int2: 'int',
  int4: 'int',
  int8: 'bigint',
  float4: 'float',
  float8: 'double',
  numeric: 'numeric',
  bool: 'boolean',
  timestamptz: 'timestamptz',
  timestamp: 'timestamp',
  date: 'date',
  json: 'json',
  jsonb: 'json',
  uuid: 'uuid',
  bytea: 'bytes',
}

interface CatalogRow {
  name: string
  type: string
  array: boolean
  nullable: boolean
  modifier: number
}

/** A typmod of numeric is ((precision << 16) | scale) + 4; backend/utils/adt/numeric.c of PostgreSQL. */
function numericBounds(modifier: number): Pick<Column, 'precision' | 'scale'> {
  if (modifier < 4) return {}
  const precision = ((modifier - 4) >> 16) & 0xffff
  const scale = (modifier - 4) & 0x7ff
  return scale <= precision ? { precision, scale } : {}
}

/** The columns of a table or view, in their order there. */
export async function columnsOf(db: Reader, schema: string, table: string): Promise<Column[]> {
  const rows = await db.query<CatalogRow>(
    `select a.attname as name, t.typname as type, t.typcategory = 'A' as array, not a.attnotnull as nullable, a.atttypmod as modifier
       from pg_attribute a
       join pg_class c on c.oid = a.attrelid
       join pg_namespace n on n.oid = c.relnamespace
       join pg_type d on d.oid = a.atttypid
       join pg_type t on t.oid = case d.typtype when 'd' then d.typbasetype else d.oid end
      where n.nspname = $1 and c.relname = $2 and a.attnum > 0 and not a.attisdropped
      order by a.attnum`,
    [schema, table],
  )
  return rows.map((row) => {
    const kind = row.array ? 'json' : (KINDS[row.type] ?? 'text')
    const bounds = kind === 'numeric' ? numericBounds(row.modifier) : {}
    return { name: row.name, kind, isArray: row.array, nullable: row.nullable, ...bounds }
  })
}

/** An identifier for a statement. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
