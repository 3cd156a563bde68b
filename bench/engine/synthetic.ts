import { z } from 'zod'
import type { Reader, Tx } from '../../backend/base/sql'
import { defineSource, defineStream, type Source } from '../../backend/contract'

/*
 * A source that costs almost nothing: its pages are made up on the spot, its rows go into one table. What is left of the
 * time is the engine's.
 */

export const plan = z.object({
  name: z.string(),
  /** Walks side by side, each in a lane of its own. */
  tasks: z.number(),
  /** Pages of each. */
  pages: z.number(),
  /** Rows of its pages, in turn. */
  rows: z.array(z.number()),
  /** Each page asks the gate as a request would; nothing is sent. */
  gated: z.boolean(),
})
export type SyntheticPlan = z.infer<typeof plan>

export interface Row {
  id: number
  kind: string
  at: string
  amount: number
  currency: string
  note: string
}

/** The largest page, and how far apart the ids of two pages are. */
const PAGE_IDS = 10_000
const TASK_IDS = 1_000_000_000
const KINDS = ['order', 'listing', 'payment', 'customer']

/** A page's rows, by their key; the same for everybody who measures. */
export function rowsOf(task: number, page: number, rows: readonly number[]): Row[] {
  const first = task * TASK_IDS + page * PAGE_IDS
  return Array.from({ length: rows[page % rows.length] ?? 0 }, (_, n) => ({
    id: first + n,
    kind: KINDS[n % KINDS.length] ?? '',
    at: new Date(1_700_000_000_000 + (first + n) * 1000).toISOString(),
    amount: (first + n * 7919) % 1_000_000,
    currency: 'EUR',
    note: `row ${n} of page ${page} of walk ${task}`,
  }))
}

export const createRows = (db: Reader): Promise<unknown> =>
  db.query(
    `create table if not exists rows (id bigint primary key, kind text not null, at timestamptz not null, amount bigint not null,
       currency text not null, note text not null)`,
  )

/** Equal conditions for the next run. */
export const emptyRows = (db: Reader): Promise<unknown> => db.query('truncate rows')

/** One sorted `unnest`, as every source of the suite writes. @returns rows that were new */
export async function insertRows(db: Reader, rows: readonly Row[]): Promise<number> {
  const written = await db.query(
    `insert into rows (id, kind, at, amount, currency, note)
     select * from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::bigint[], $5::text[], $6::text[])
     on conflict do nothing returning id`,
    [
      rows.map((row) => row.id),
      rows.map((row) => row.kind),
      rows.map((row) => row.at),
      rows.map((row) => row.amount),
      rows.map((row) => row.currency),
      rows.map((row) => row.note),
    ],
  )
  return written.length
}

/** Where a worker's time went, ms, and how large it was. */
export interface Sums {
  pages: number
  rows: number
  /** Making pages; the gate is not in it. */
  readMs: number
  writeMs: number
  gateMs: number
  rss: { rows: number; bytes: number }[]
}
export const noSums = (): Sums => ({ pages: 0, rows: 0, readMs: 0, writeMs: 0, gateMs: 0, rss: [] })

/** @param sums what its reads and writes cost is added here */
export function syntheticSource(sums: Sums): Source<SyntheticPlan> {
  return defineSource<SyntheticPlan>({
    name: 'synthetic',
    about: 'pages made up on the spot',
    example: { name: 'example', tasks: 1, pages: 1, rows: [1], gated: false },
    requests: {},
    params: plan,
    apis: { synthetic: { url: { template: 'http://127.0.0.1' }, limit: { scope: 'ip', concurrent: 1 } } },
    commands: {},
    workers: { 'worker-synthetic': { queues: ['zkillboard_backfill_queue'], concurrency: 1 } },
    streams: {
      rows: defineStream<{ page: number }, Row[], SyntheticPlan>({
        queue: 'zkillboard_backfill_queue',
        cursor: z.object({ page: z.number() }),
        async read({ key, cursor: { page }, params }, io) {
          const began = performance.now()
          if (params.gated) await io.http('synthetic').request({ path: '/', schema: z.unknown() })
          const asked = performance.now()
          const batch = rowsOf(Number(key), page, params.rows)
          sums.gateMs += asked - began
          sums.readMs += performance.now() - asked
          return { batch, next: page + 1 < params.pages ? { page: page + 1 } : null }
        },
        async write(tx: Tx, rows) {
          const began = performance.now()
          const fresh = await insertRows(tx, rows)
          sums.writeMs += performance.now() - began
          sums.pages += 1
          sums.rows += fresh
          if (sums.pages % 5 === 0) sums.rss.push({ rows: sums.rows, bytes: process.memoryUsage.rss() })
          return { new: fresh, updated: 0, unchanged: rows.length - fresh }
        },
      }),
    },
    plan: ({ name, tasks }) => ({
      tasks: Array.from({ length: tasks }, (_, n) => ({ stream: 'rows', key: String(n), lane: `lane ${n}`, cursor: { page: 0 } })),
      lanesAtOnce: tasks,
      activeKey: name,
      estimate: { requests: {} },
    }),
  })
}
