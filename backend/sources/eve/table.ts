import type { Tx } from '../../base/sql'

/*
 * One statement a table and page. `is distinct from` keeps a row that has not changed from being written, and from counting.
 */

type Rows = readonly (readonly unknown[])[]
/** Rows to columns, for `unnest`. */
const columns = (rows: Rows, width: number): unknown[][] => Array.from({ length: width }, (_, at) => rows.map((row) => row[at]))

interface Column {
  name: string
  type: string
  /** How a value of `type` becomes the column's. */
  cast?: string
}
const column = (text: string): Column => {
  const [name, type, cast] = text.split(' ') as [string, string, string?]
  return { name, type, cast }
}

type Write = (tx: Tx, rows: Rows) => Promise<{ id: bigint }[]>
export interface Table {
  /** Leaves rows alone, and unlocked, that are here. */
  insert: Write
  /** Changes what differs. Both return the first key of the rows they wrote to. */
  upsert: Write
}

/**
 * The statements of one table.
 * @param keys how many of the columns, from the first, are its primary key; rows must come sorted by it
 * @param specs `name type` or `name type cast`, where the values travel as `type`
 */
export function table(name: string, keys: number, specs: readonly string[]): Table {
  const all = specs.map(column)
  const names = all.map((one) => one.name)
  const rest = names.slice(keys)
  const list = (prefix: string) => rest.map((one) => `${prefix}.${one}`).join(', ')
  const insert = `insert into eve.${name} as held (${names.join(', ')})
    select ${all.map((one, at) => (one.cast ? `c${at}::${one.cast}` : `c${at}`)).join(', ')}
      from unnest(${all.map((one, at) => `$${at + 1}::${one.type}[]`).join(', ')}) as new(${all.map((_, at) => `c${at}`).join(', ')})`
  // Selected first, as on conflict alone waits for whoever is changing the row that is here; further rows follow those.
  const unlessHere = keys === 1 ? `where not exists (select 1 from eve.${name} old where old.${names[0]} = c0)` : ''
  const doNothing = `${insert} ${unlessHere} on conflict do nothing returning ${names[0]} as id`
  const doUpdate = `${insert}
    on conflict (${names.slice(0, keys).join(', ')}) do update set ${rest.map((one) => `${one} = excluded.${one}`).join(', ')}
     where (${list('held')}) is distinct from (${list('excluded')}) returning ${names[0]} as id`
  const write =
    (sql: string): Write =>
    async (tx, rows) =>
      rows.length === 0 ? [] : tx.query(sql, columns(rows, all.length))
  return { insert: write(doNothing), upsert: write(doUpdate) }
}
