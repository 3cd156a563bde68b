import { Refused } from '../base/errors'
import type { Reader } from '../base/sql'
import type { Source } from '../contract'
import { columnsOf, quoted } from './columns'
import type { Relation } from './relation'

interface TableRow {
  schema: string
  name: string
}

/** Every table of the sources' schemas; a source's schema has its name. */
async function listTables(db: Reader, sources: readonly Source[]): Promise<TableRow[]> {
  return await db.query<TableRow>(
    `select n.nspname as schema, c.relname as name
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = any($1) and c.relkind in ('r', 'p') and not c.relispartition
      order by 1, 2`,
    [sources.map((source) => source.name)],
  )
}

/** The tables that can be exported, by source: `eve` → `eve.alliances`, `eve.characters`, …. */
export async function exportTables(db: Reader, sources: readonly Source[]): Promise<Record<string, string[]>> {
  const tables = await listTables(db, sources)
  return Object.fromEntries(
    sources.map(({ name }) => [name, tables.filter((table) => table.schema === name).map((table) => `${table.schema}.${table.name}`)]),
  )
}

async function primaryKey(db: Reader, { schema, name }: TableRow): Promise<string[]> {
  const rows = await db.query<{ column: string }>(
    `select a.attname as column
       from pg_index i
       join pg_class c on c.oid = i.indrelid
       join pg_namespace n on n.oid = c.relnamespace
       join unnest(i.indkey::int2[]) with ordinality k (attnum, place) on true
       join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
      where n.nspname = $1 and c.relname = $2 and i.indisprimary
      order by k.place`,
    [schema, name],
  )
  return rows.map((row) => row.column)
}

/**
 * A table of one of the sources, its rows in the order of its primary key.
 * @throws {Refused} `missing`, naming the existing tables
 */
export async function tableRelation(db: Reader, sources: readonly Source[], what: string): Promise<Relation> {
  const tables = await listTables(db, sources)
  const found = tables.find((table) => `${table.schema}.${table.name}` === what)
  if (!found) {
    const known = tables.map((table) => `${table.schema}.${table.name}`)
    throw new Refused(
      'missing',
      `There is no table ${JSON.stringify(what)} to export; the tables are ${known.join(', ') || 'not created yet: run yarn migrate'}.`,
      'what',
    )
  }
  return {
    name: what,
    from: `${quoted(found.schema)}.${quoted(found.name)}`,
    values: [],
    columns: await columnsOf(db, found.schema, found.name),
    orderBy: await primaryKey(db, found),
  }
}
