import { Refused } from '../base/errors'
import { type Column, quoted } from './columns'

/** Something to export: where its rows come from, and their columns. */
export interface Relation {
  /** For messages: `eve.killmails`, `rejects of job …`. */
  name: string
  /** What stands after `from`; its parameters are `values`. */
  from: string
  values: readonly unknown[]
  columns: readonly Column[]
  orderBy: readonly string[]
}

/** Which rows and columns to export. */
export interface Selection {
  /** Names in the order to write; all by default. */
  columns?: readonly string[]
  /** `column=value`, also with `!=`, `<`, `<=`, `>`, `>=`; rows must match all of them. */
  where?: readonly string[]
  /** First and last moment; a day (`2024-01-31`, UTC) is included whole. */
  from?: string
  to?: string
  /** The column of these; by default the first with a date or time. */
  dateColumn?: string
}

export interface Query {
  sql: string
  /** Counts the same rows. */
  count: string
  values: unknown[]
  columns: readonly Column[]
}

const MOMENTS = new Set<Column['kind']>(['timestamptz', 'timestamp', 'date'])
const DAY = /^\d{4}-\d{2}-\d{2}$/
const MOMENT = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$/
/** Longer operators first: `>=` would read as `>` and `=…`. */
const CONDITION = /^\s*([^!<>=\s]+)\s*(!=|<=|>=|=|<|>)([\s\S]*)$/

function named(relation: Relation, name: string, field: string): Column {
  const found = relation.columns.find((column) => column.name === name)
  if (found) return found
  const known = relation.columns.map((column) => column.name).join(', ')
  throw new Refused('input', `${relation.name} has no column ${JSON.stringify(name)}; its columns are ${known}.`, field)
}

/** Arrays as JSON; everything else in Postgres' own text, which is exact. */
const selected = ({ name, isArray }: Column): string => (isArray ? `to_json(${quoted(name)})` : quoted(name))

function momentColumn(relation: Relation, selection: Selection): string {
  const column = selection.dateColumn
    ? named(relation, selection.dateColumn, 'dateColumn')
    : relation.columns.find(({ kind }) => MOMENTS.has(kind))
  if (column && MOMENTS.has(column.kind)) return quoted(column.name)
  const what = column ? `Column ${column.name} of ${relation.name} does not contain dates` : `${relation.name} has no column with dates`
  throw new Refused('input', `${what}, so --from-date and --to-date do not apply; use --where.`, 'from')
}

function moment(text: string, flag: string): { isDay: boolean } {
  if (DAY.test(text)) return { isDay: true }
  if (MOMENT.test(text)) return { isDay: false }
  throw new Refused(
    'input',
    `${flag} must be a day like 2024-01-31 or a moment like 2024-01-31T12:00:00Z; got ${JSON.stringify(text)}.`,
    flag,
  )
}

function condition(relation: Relation, text: string, place: string): { sql: string; value: string } {
  const [, name = '', operator = '', value = ''] = CONDITION.exec(text) ?? []
  if (!name) throw new Refused('input', `--where must have the form column=value (or != < <= > >=); got ${JSON.stringify(text)}.`, 'where')
  const column = named(relation, name, 'where')
  if (column.kind === 'json')
    throw new Refused('input', `Column ${name} of ${relation.name} contains JSON, which --where cannot compare.`, 'where')
  // != includes rows without a value.
  const sql = operator === '!=' ? `${quoted(name)} is distinct from ${place}` : `${quoted(name)} ${operator} ${place}`
  return { sql, value }
}

/**
 * The statement for a selection. Values are parameters; names come from the catalog.
 * @throws {Refused} `input`, naming the option
 */
export function queryFor(relation: Relation, selection: Selection = {}): Query {
  const columns = selection.columns?.map((name) => named(relation, name, 'columns')) ?? relation.columns
  const values: unknown[] = [...relation.values]
  const place = (value: unknown) => `$${values.push(value)}`
  const conditions = (selection.where ?? []).map((text) => {
    const { sql, value } = condition(relation, text, `$${values.length + 1}`)
    values.push(value)
    return sql
  })
  const { from, to } = selection
  if (from !== undefined || to !== undefined) {
    const column = momentColumn(relation, selection)
    if (from !== undefined) conditions.push(`${column} >= ${place(from)}::${moment(from, '--from-date').isDay ? 'date' : 'timestamptz'}`)
    if (to !== undefined && moment(to, '--to-date').isDay) conditions.push(`${column} < ${place(to)}::date + 1`)
    else if (to !== undefined) conditions.push(`${column} <= ${place(to)}::timestamptz`)
  }
  const where = conditions.length > 0 ? ` where ${conditions.join(' and ')}` : ''
  const order = relation.orderBy.length > 0 ? ` order by ${relation.orderBy.map(quoted).join(', ')}` : ''
  const rows = `from ${relation.from}${where}`
  return {
    sql: `select ${columns.map(selected).join(', ')} ${rows}${order}`,
    count: `select count(*)::float8 as n ${rows}`,
    values,
    columns,
  }
}
