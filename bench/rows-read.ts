import type { Reader } from '../backend/engine/source'

interface Node {
  'Relation Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  Plans?: Node[]
}

/** Rows that the scans of a statement's plan give out, those that a filter throws away included. The statement is run for it. */
export async function rowsRead(db: Reader, sql: string, values: readonly unknown[]): Promise<number> {
  const [row] = await db.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(`explain (analyze, format json, timing off) ${sql}`, values)
  const read = (node: Node): number =>
    (node['Relation Name'] === undefined ? 0 : node['Actual Loops'] * (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0))) +
    (node.Plans ?? []).reduce((sum, inner) => sum + read(inner), 0)
  return read((row as { 'QUERY PLAN': [{ Plan: Node }] })['QUERY PLAN'][0].Plan)
}

/** Runs `work` on a reader that notes every statement. */
export async function noted(db: Reader, work: (reader: Reader) => Promise<unknown>): Promise<[sql: string, values: readonly unknown[]][]> {
  const asked: [string, readonly unknown[]][] = []
  await work({
    query(sql, values = []) {
      asked.push([sql, values])
      return db.query(sql, values)
    },
  })
  return asked
}

/** Rows that the statements of `work` read together; it is done once, and its statements once more. */
export async function rowsReadBy(db: Reader, work: (reader: Reader) => Promise<unknown>): Promise<number> {
  let rows = 0
  for (const [sql, values] of await noted(db, work)) rows += await rowsRead(db, sql, values)
  return rows
}
