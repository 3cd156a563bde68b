import { Readable } from 'node:stream'
import { z } from 'zod'
import { MAX_LIMIT } from '../../base/vocabulary'
import type { Page, PageAsk } from '../../service/base/cursor'
import { listJobIds } from '../../service/jobs/list'
import { allLines } from '../../service/jobs/log'
import { summaries } from '../../service/jobs/summary'
import { listRejects, listTasks } from '../../service/jobs/tasks'
import { allDeadLetters } from '../../service/queues/dead-letters'
import { listSchedules } from '../../service/schedules/schedules'
import { listTicks } from '../../service/schedules/ticks'
import { listActions } from '../../service/suite/actions'
import { listAlerts } from '../../service/suite/alerts'
import { listGates } from '../../service/suite/gates'
import { listAll as allRefusals } from '../../service/suite/refusals'
import { listWorkers } from '../../service/suite/workers'
import { listDeliveries, listWebhooks, withoutKey } from '../../service/webhooks/webhooks'
import * as shapes from '../shapes'
import { TABLE_FORMATS, TABLE_TYPES, type TableFormat, tableFile } from '../table-file'
import { type App, type Context, jobId, refusals } from './context'

type Rows = AsyncIterable<readonly unknown[]>

interface Ask {
  params: Record<string, string>
  /** The filters of the list. */
  filter: Record<string, never>
  canWrite: boolean
}

interface Exported {
  /** Of the list; the file is at `<path>/export`. */
  path: string
  operationId: string
  tag: string
  /** What the rows are: `jobs`. */
  what: string
  params?: z.ZodObject
  /** Of the list: its filters are those of the file. */
  query?: z.ZodObject
  /** Of one row. */
  row: z.ZodObject
  rows(ask: Ask): Rows
}

/** Rows of one query of a list that is read in pages anyway. */
const TASKS_A_PAGE = 1000

async function* pagesOf<T>(read: (ask: PageAsk) => Promise<Page<T>>, limit = MAX_LIMIT): AsyncGenerator<T[]> {
  let cursor: string | undefined
  do {
    const page = await read({ cursor, limit })
    yield page.items
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
}

async function* whole(read: Promise<readonly unknown[]>): AsyncGenerator<readonly unknown[]> {
  yield await read
}

const itemOf = (list: z.ZodObject<{ items: z.ZodArray<z.ZodObject> }>): z.ZodObject => list.shape.items.element

/** Every table that can be exported; the paths are those of the lists. */
function tablesOf({ service }: Context): Exported[] {
  return [
    {
      path: '/api/jobs',
      operationId: 'exportJobs',
      tag: 'jobs',
      what: 'jobs',
      query: shapes.jobQuery,
      row: shapes.jobSummary,
      async *rows({ filter }) {
        for await (const ids of pagesOf((ask) => listJobIds(service, filter, ask))) yield await summaries(service, ids)
      },
    },
    {
      path: '/api/jobs/:id/tasks',
      operationId: 'exportTasks',
      tag: 'jobs',
      what: 'tasks',
      params: jobId,
      query: shapes.taskQuery,
      row: shapes.taskRow,
      rows: ({ params, filter }) =>
        pagesOf((ask) => listTasks(service, params.id as string, { ...filter, ...ask, most: TASKS_A_PAGE }), TASKS_A_PAGE),
    },
    {
      path: '/api/jobs/:id/log',
      operationId: 'exportJobLog',
      tag: 'jobs',
      what: 'log lines',
      params: jobId,
      query: shapes.logFilter,
      row: shapes.logLine,
      rows: ({ params, filter }) => allLines(service, params.id as string, filter),
    },
    {
      path: '/api/jobs/:id/rejects',
      operationId: 'exportRejects',
      tag: 'jobs',
      what: 'rejects',
      params: jobId,
      query: shapes.pageQuery,
      row: itemOf(shapes.rejectList),
      rows: ({ params }) => pagesOf((ask) => listRejects(service, params.id as string, ask)),
    },
    {
      path: '/api/refusals',
      operationId: 'exportRefusals',
      tag: 'refusals',
      what: 'refusals',
      query: shapes.refusalQuery,
      row: itemOf(shapes.refusalList),
      rows: ({ filter: { kind } }) => allRefusals(service, kind),
    },
    {
      path: '/api/dead-letters',
      operationId: 'exportDeadLetters',
      tag: 'dead letters',
      what: 'dead-letters',
      query: shapes.deadLetterQuery,
      row: shapes.deadLetter,
      rows: ({ filter }) => allDeadLetters(service, filter),
    },
    {
      path: '/api/gates',
      operationId: 'exportGates',
      tag: 'suite',
      what: 'gates',
      row: itemOf(shapes.gateList),
      rows: () => whole(listGates(service)),
    },
    {
      path: '/api/workers',
      operationId: 'exportWorkers',
      tag: 'suite',
      what: 'workers',
      row: itemOf(shapes.workerList),
      rows: () => whole(listWorkers(service).then(({ items }) => items)),
    },
    {
      path: '/api/alerts',
      operationId: 'exportAlerts',
      tag: 'suite',
      what: 'alerts',
      query: shapes.alertQuery,
      row: itemOf(shapes.alertList),
      rows: ({ filter }) => pagesOf((ask) => listAlerts(service, filter, ask)),
    },
    {
      path: '/api/schedules',
      operationId: 'exportSchedules',
      tag: 'schedules',
      what: 'schedules',
      row: shapes.schedule,
      rows: () => whole(listSchedules(service)),
    },
    {
      path: '/api/schedules/:id/ticks',
      operationId: 'exportTicks',
      tag: 'schedules',
      what: 'ticks',
      params: z.object({ id: z.string().max(100) }),
      query: shapes.pageQuery,
      row: itemOf(shapes.tickList),
      rows: ({ params }) => pagesOf((ask) => listTicks(service, params.id as string, ask)),
    },
    {
      path: '/api/webhooks',
      operationId: 'exportWebhooks',
      tag: 'webhooks',
      what: 'webhooks',
      row: shapes.webhook,
      rows: ({ canWrite }) => whole(listWebhooks(service).then((items) => (canWrite ? items : items.map(withoutKey)))),
    },
    {
      path: '/api/webhooks/:id/deliveries',
      operationId: 'exportDeliveries',
      tag: 'webhooks',
      what: 'deliveries',
      params: z.object({ id: z.string().max(64) }),
      query: shapes.deliveryQuery,
      row: shapes.delivery,
      rows: ({ params, filter }) => pagesOf((ask) => listDeliveries(service, params.id as string, { ...filter, ...ask })),
    },
    {
      path: '/api/actions',
      operationId: 'exportActions',
      tag: 'access',
      what: 'actions',
      query: shapes.pageQuery,
      row: itemOf(shapes.actionList),
      rows: () => pagesOf((ask) => listActions(service, ask)),
    },
  ]
}

const PAGING = ['cursor', 'limit']

/** The filters of a list, and the format. */
function queryOf(list: z.ZodObject = z.strictObject({})) {
  const filters = Object.entries(list.shape).filter(([name]) => !PAGING.includes(name))
  const format = z.enum(TABLE_FORMATS).default('csv').meta({ description: 'csv: with a heading; json: a list with one row a line' })
  return z.strictObject({ ...Object.fromEntries(filters), format })
}

/** `backhaul-jobs-2026-01-31-1200.csv`. */
const fileName = (what: string, format: TableFormat, now = new Date()): string =>
  `backhaul-${what}-${now.toISOString().slice(0, 16).replace('T', '-').replace(':', '')}.${format}`

/** What failed before the first page is answered as a refusal; later, the connection is cut, so that no file seems complete. */
async function* begun(pages: AsyncGenerator<string>, first: IteratorResult<string>): AsyncGenerator<string> {
  if (!first.done) yield first.value
  yield* pages
}

/** Every table as a file: all rows that match, not one page. */
export function tables(app: App, context: Context): void {
  for (const { path, operationId, tag, what, params, query, row, rows } of tablesOf(context)) {
    const file = {
      description: `All ${what} that match`,
      content: { 'text/csv': { schema: z.string() }, 'application/json': { schema: z.array(row) } },
    }
    const schema = {
      tags: [tag],
      operationId,
      summary: `Export ${what} as CSV or JSON: all that match, not one page`,
      ...(params && { params }),
      querystring: queryOf(query),
      response: { 200: file, ...refusals(...(params ? [404] : [])) },
    }
    app.get(`${path}/export`, { schema: schema as object }, async (request, reply) => {
      const { format, ...filter } = request.query as { format: TableFormat }
      const ask = { params: request.params as Record<string, string>, filter: filter as never, canWrite: request.visitor.canWrite }
      const pages = tableFile(format, row, rows(ask))
      const first = await pages.next()
      return await reply
        .header('content-type', `${TABLE_TYPES[format]}; charset=utf-8`)
        .header('content-disposition', `attachment; filename="${fileName(what, format)}"`)
        .send(Readable.from(begun(pages, first), { objectMode: false }))
    })
  }
}
