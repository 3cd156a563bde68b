import { Client } from 'pg'
import { z } from 'zod'
import { RetryLater } from '../../backend/base/errors'
import type { Log } from '../../backend/base/log'
import type { Tx } from '../../backend/base/sql'
import { defineSource, defineStream, type Io, type Page } from '../../backend/contract'
import * as jobs from '../../backend/engine/jobs/verbs'
import type { Worker } from '../../backend/engine/worker'
import { DEADLOCK } from '../support/database'
import { quiet, type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/*
 * While a page is committed, the next one is read. Whatever becomes of that commit, each page is stored once and noted once, and no request
 * is made in vain unless the commit fails.
 */

interface Params {
  name: string
  pages: number
}
const queue = 'zkillboard_backfill_queue' as const
let order: string[] = []
let committed: unknown[] = []
let onRead: (page: number, io: Io) => Promise<unknown>
let onWrite: (page: number, tx: Tx) => Promise<unknown>

const source = defineSource<Params>({
  name: 'ahead',
  about: 'a test',
  requests: {},
  params: z.object({ name: z.string(), pages: z.number() }),
  example: { name: 'a', pages: 1 },
  apis: {},
  streams: {
    pages: defineStream<{ page: number }, number, Params>({
      queue,
      cursor: z.object({ page: z.number() }),
      async read({ cursor: { page }, params }, io): Promise<Page<{ page: number }, number>> {
        order.push(`read ${page}`)
        await onRead(page, io)
        return { batch: page, next: page + 1 < params.pages ? { page: page + 1 } : null }
      },
      async known(_, ids) {
        order.push(`known ${ids.join()}`)
        return new Set()
      },
      async write(tx, page) {
        await tx.query('insert into written values ($1)', [page])
        order.push(`write ${page}`)
        await onWrite(page, tx)
        // The second run of a write finds the rows that another transaction has written meanwhile.
        const runs = order.filter((one) => one === `write ${page}`).length
        return { new: runs === 1 ? 1 : 0, updated: 0, unchanged: runs === 1 ? 0 : 1 }
      },
    }),
  },
  commands: {},
  workers: { 'worker-ahead': { queues: [queue], concurrency: 1 } },
  plan: ({ name }) => ({
    tasks: [{ stream: 'pages', key: name, cursor: { page: 0 } }],
    lanesAtOnce: 1,
    activeKey: name,
    estimate: { requests: {} },
  }),
})

const note = (page: number) => {
  committed.push(page)
  order.push(`committed ${page}`)
}
let lost = 0
const log: Log = {
  ...quiet,
  warn: (text) => {
    if (text.startsWith('Lost the claim')) lost++
  },
  info: (text, fields) => {
    if (text === 'Page committed' || text === 'Task done') note((fields as { step: number }).step)
  },
}
let it_: Suite
let worker: Worker
let other: Client

beforeAll(async () => {
  it_ = await suite([source], { log })
  other = new Client({ connectionString: it_.databaseUrl })
  await other.connect()
  await it_.db.query('create table written (page int primary key)')
}, 60_000)
afterAll(async () => {
  await other?.end()
  await it_?.close()
})

let name = ''
beforeEach(async () => {
  order = []
  committed = []
  lost = 0
  onRead = async () => undefined
  onWrite = async () => undefined
  name = expect.getState().currentTestName ?? ''
  await it_.db.query('truncate written')
})

const start = (pages: number) => it_.startJob(source, { name, pages })
const pages = async () => (await it_.db.query<{ page: number }>('select page from written order by 1')).map(({ page }) => page)
const times = (what: string) => order.filter((one) => one === what).length

/** Holds the task's row, so that the commit of a page waits, until the function that it returns is called. */
async function holdTask(): Promise<(sql?: string) => Promise<void>> {
  await other.query('begin')
  await other.query('select 1 from backhaul.tasks where key = $1 for update', [name])
  return async (sql = 'select 1') => {
    await other.query(sql)
    await other.query('commit')
  }
}

/** Holds the task's row from the first write of page 0 on. @returns continues once the next page is being read */
function holdFirst(isAhead = () => times('read 1') === 1): (sql?: string) => Promise<void> {
  let held: Promise<(sql?: string) => Promise<void>> | undefined
  onWrite = async (page) => {
    if (page === 0) held ??= holdTask()
    await held
  }
  return async (sql) => {
    await until(() => held !== undefined && isAhead(), { what: 'the next page to be read' })
    await (await held)?.(sql)
  }
}

/** Holds a page where `at` is called for it, until `go` is called. */
function holdPage(page: number): { at(page: number): Promise<void>; go(): void } {
  let go: () => void = () => undefined
  const held = new Promise<void>((resolve) => {
    go = resolve
  })
  return { at: async (its) => (its === page ? held : undefined), go: () => go() }
}

test('the next page is read before the one before is committed, and all are committed in order', async () => {
  const go = holdFirst()
  worker = await it_.worker()
  const job = await start(4)
  await until(() => times('read 1') === 1)
  expect(committed).toEqual([])
  expect(await pages()).toEqual([])
  await go()
  expect(await it_.ended(job)).toBe('completed')
  expect(await pages()).toEqual([0, 1, 2, 3])
  expect(committed).toEqual([0, 1, 2, 3])
  expect([0, 1, 2, 3].map((page) => times(`read ${page}`))).toEqual([1, 1, 1, 1])
})

test('no page after the next one is read before the commit, nor is it asked what is stored', async () => {
  onRead = (page, io) => io.known([String(page)])
  const go = holdFirst()
  const job = await start(3)
  await go()
  expect(await it_.ended(job)).toBe('completed')
  expect(order.slice(0, order.indexOf('committed 0')).sort()).toEqual(['known 0', 'read 0', 'read 1', 'write 0'])
})

test('a page whose task was lost meanwhile is not stored, nor is the one that was read after it; both are read again', async () => {
  const go = holdFirst(() => times('read 1') === 1 && times('write 0') === 1)
  const job = await start(3)
  await go(`update backhaul.tasks set claim = null, holder = null, woken_at = null, wakes = 0 where key = '${name}'`)
  expect(await it_.ended(job)).toBe('completed')
  expect(await pages()).toEqual([0, 1, 2])
  expect(committed).toEqual([0, 1, 2])
  expect([0, 1, 2].map((page) => times(`read ${page}`))).toEqual([2, 2, 1])
})

test('a deadlock runs the commit again, and the page that was read meanwhile counts on from there', async () => {
  onWrite = async (page, tx) => {
    if (page > 0 || times('write 0') > 1) return
    await until(() => times('read 1') === 1)
    await tx.query(DEADLOCK)
  }
  const job = await start(3)
  expect(await it_.ended(job)).toBe('completed')
  expect([0, 1, 2].map((page) => times(`read ${page}`))).toEqual([1, 1, 1])
  expect(times('write 0')).toBe(2)
  expect(committed).toEqual([0, 1, 2])
  // Also what the second run of the write counted.
  expect(await jobs.report(it_, job)).toMatchObject({ pages: 3, seen: 3, new: 2, unchanged: 1, verified: true })
})

test('a pause costs no request: the page that is being read is stored, and the job continues after it', async () => {
  const { at, go } = holdPage(0)
  onWrite = at
  const job = await start(4)
  await until(() => times('read 1') === 1 && times('write 0') === 1)
  await jobs.pause(it_, job)
  go()
  await until(async () => (await it_.db.query('select 1 from backhaul.tasks where key = $1 and claim is null', [name])).length > 0)
  expect(await pages()).toEqual([0, 1])
  await jobs.resume(it_, job)
  expect(await it_.ended(job)).toBe('completed')
  expect([0, 1, 2, 3].map((page) => times(`read ${page}`))).toEqual([1, 1, 1, 1])
})

test('a failed read of the next page is one try of that page, after the commit', async () => {
  let fails = true
  onRead = async (page) => {
    if (page === 1 && fails) {
      fails = false
      throw new RetryLater('test', 'fails once', new Date())
    }
  }
  const go = holdFirst()
  const job = await start(3)
  await go()
  expect(await it_.ended(job)).toBe('completed')
  expect(committed).toEqual([0, 1, 2])
  expect([0, 1, 2].map((page) => times(`read ${page}`))).toEqual([1, 2, 1])
})

test('a page that could not be written is tried again without the next one', async () => {
  let fails = 2
  onWrite = async (page) => {
    if (page === 1 && fails-- > 0) throw new RetryLater('test', 'cannot be written', new Date())
  }
  const job = await start(3)
  expect(await it_.ended(job)).toBe('completed')
  expect(await pages()).toEqual([0, 1, 2])
  // Read ahead at the first try only, and once more after the page was stored.
  expect([0, 1, 2].map((page) => times(`read ${page}`))).toEqual([1, 3, 2])
})

test('a cancel costs the page in hand and no other: none is read ahead any more', async () => {
  const { at: hold, go } = holdPage(1)
  onRead = hold
  const job = await start(4)
  await until(() => times('read 1') === 1 && committed.length === 1)
  const at = performance.now()
  await jobs.cancel(it_, job)
  // What the commit of page 0 told of the job is old by then.
  await until(() => performance.now() - at > 20)
  go()
  await until(async () => (await it_.db.query('select 1 from backhaul.tasks where key = $1 and claim is null', [name])).length > 0)
  expect(await it_.ended(job)).toBe('cancelled')
  await until(() => lost === 1)
  expect(await pages()).toEqual([0])
  expect(times('read 2')).toBe(0)
})

test('pages in quick succession do not ask between them whether their job runs: the commit before has told it', async () => {
  const sent = jest.spyOn(Client.prototype, 'query')
  // No commit is old.
  const now = jest.spyOn(performance, 'now').mockReturnValue(performance.now())
  try {
    expect(await it_.ended(await start(20))).toBe('completed')
    const asked = sent.mock.calls.filter(([query]) => /^select exists .* as runs$/s.test((query as { text?: string }).text ?? ''))
    // The first pages have no commit before them that was answered.
    expect(asked.length).toBeGreaterThan(0)
    expect(asked.length).toBeLessThanOrEqual(3)
    expect(await pages()).toHaveLength(20)
  } finally {
    now.mockRestore()
    sent.mockRestore()
  }
})

test('at the end of a turn nothing is read ahead, because another worker may read the next page', async () => {
  await worker.stop()
  await it_.worker({ turnMs: 0 })
  const job = await start(3)
  expect(await it_.ended(job)).toBe('completed')
  expect(order).toEqual([0, 1, 2].flatMap((page) => [`read ${page}`, `write ${page}`, `committed ${page}`]))
})
