import type { Db } from '../../backend/database/db'
import { mean } from '../base/figures'
import { insertRows, rowsOf } from './synthetic'

/** The least that can be done: the same pages made, each written by the same statement and committed. @returns ms */
export async function raw(db: Db, pages: number, rows: readonly number[]): Promise<number> {
  const client = await db.pool.connect()
  const reader = {
    query: async <R extends object>(sql: string, values?: readonly unknown[]) => (await client.query<R>(sql, values as unknown[])).rows,
  }
  try {
    const began = performance.now()
    for (let page = 0; page < pages; page++) {
      await client.query('begin')
      await insertRows(reader, rowsOf(0, page, rows))
      await client.query('commit')
    }
    return performance.now() - began
  } finally {
    client.release()
  }
}

/** What this machine takes now for one question, and for one row with its commit, ms: the measure of every other figure. */
export async function reference(db: Db): Promise<{ question: number; commit: number }> {
  const times = async (work: (n: number) => Promise<unknown>) => {
    const all: number[] = []
    for (let n = 0; n < 200; n++) {
      const began = performance.now()
      await work(n)
      all.push(performance.now() - began)
    }
    return mean(all)
  }
  await db.query('create table if not exists reference (n int)')
  return {
    question: await times(() => db.query('select 1')),
    commit: await times((n) => db.query('insert into reference values ($1)', [n])),
  }
}
