import { z } from 'zod'
import { RetryLater } from '../../backend/base/errors'
import {
  defineSource,
  defineStream,
  type Io,
  type NewTask,
  type Page,
  type Route,
  type Settings,
  type Source,
  type Written,
} from '../../backend/contract'
import type { Db } from '../../backend/database/db'

/** What a test asks of the counting source. */
export interface Counting {
  pages: number
  rowsPerPage: number
  tasks: NewTask[]
  laneWidth?: number
  laneWidths?: Record<string, number>
  lanesAtOnce?: number
  weight?: number
  backlog?: number
  settings?: Settings
  /** HTTP routes it brings along. */
  routes?: readonly Route[]
  /** Its own counters, with a sentence for each. */
  counters?: Record<string, string>
  /** Called in the transaction, once the rows of a page are written. */
  onWrite?: (key: string, page: number) => Partial<Written>
  /** Called before each page is returned; throw to fail it. */
  onRead?(key: string, page: number, io: Io): Promise<Partial<Omit<Page<never, never>, 'batch' | 'next'>> | undefined>
}

export const countingTask = (key: string, lane: string | undefined = 'lane', stage = 0): NewTask => ({
  stream: 'count',
  key,
  cursor: { page: 0 },
  lane,
  stage,
})

/** Each page of each task writes `rowsPerPage` rows of its own, plainly inserted: a page committed twice fails on the key. */
export function countingSource(counting: Counting): Source {
  return defineSource<{ name: string }>({
    name: 'counting',
    about: 'counts, for tests',
    requests: { zkillboard_backfill_queue: z.looseObject({ name: z.string() }) },
    params: z.looseObject({ name: z.string() }),
    example: { name: 'example' },
    settings: counting.settings,
    apis: {},
    commands: {},
    routes: counting.routes,
    counters: counting.counters,
    workers: { 'worker-counting': { queues: ['zkillboard_backfill_queue'], concurrency: 2 } },
    streams: {
      count: defineStream({
        queue: 'zkillboard_backfill_queue',
        cursor: z.object({ page: z.number() }),
        async read({ key, cursor }, io) {
          const extra = await counting.onRead?.(key, cursor.page, io)
          const rows = Array.from({ length: counting.rowsPerPage }, (_, row) => ({ key, page: cursor.page, row }))
          const next = cursor.page + 1 < counting.pages ? { page: cursor.page + 1 } : null
          return { batch: rows, next, ...extra }
        },
        async write(tx, rows: { key: string; page: number; row: number }[]) {
          await tx.query('insert into counted (key, page, row) select * from unnest($1::text[], $2::int[], $3::int[])', [
            rows.map((row) => row.key),
            rows.map((row) => row.page),
            rows.map((row) => row.row),
          ])
          const [first] = rows
          return { new: rows.length, updated: 0, unchanged: 0, ...(first && counting.onWrite?.(first.key, first.page)) }
        },
      }),
    },
    plan: (params) => ({
      tasks: counting.tasks,
      laneWidth: counting.laneWidth,
      laneWidths: counting.laneWidths,
      lanesAtOnce: counting.lanesAtOnce,
      weight: counting.weight,
      backlog: counting.backlog,
      activeKey: params.name,
      estimate: { requests: {} },
    }),
  })
}

export const createCounted = (db: Db): Promise<unknown> =>
  db.query('create table if not exists counted (key text, page int, row int, primary key (key, page, row))')

export const flaky = (kind: string): RetryLater => new RetryLater(kind, `the ${kind} test fault`, new Date())
