import { z } from 'zod'
import { RetryLater } from '../../backend/base/errors'
import { defineSource, defineStream, type HttpFactory, type Page } from '../../backend/contract'
import { type Suite, suite } from '../support/suite'

/*
 * While a page is committed, the gate is asked for the next one, where this worker reads it.
 */

interface Params {
  name: string
  pages: number
}
const queue = 'zkillboard_backfill_queue' as const
let order: string[] = []
let failsAt = -1

const http: HttpFactory = (_source, use) => (api) => ({
  base: '',
  async request() {
    use.asked = api
    use.again ??= () => void order.push('ask ahead')
    return { status: 200, sentAt: new Date(), headers: {}, data: undefined, text: '' }
  },
})
const source = defineSource<Params>({
  name: 'ahead',
  about: 'a test',
  requests: {},
  params: z.object({ name: z.string(), pages: z.number() }),
  example: { name: 'a', pages: 1 },
  apis: { ahead: { url: { template: 'http://127.0.0.1' }, limit: { scope: 'ip' } } },
  streams: {
    pages: defineStream<{ page: number }, number, Params>({
      queue,
      cursor: z.object({ page: z.number() }),
      async read({ cursor: { page }, params }, io): Promise<Page<{ page: number }, number>> {
        order.push(`read ${page}`)
        await io.http('ahead').request({ path: '/', schema: z.unknown() })
        if (page === failsAt) {
          failsAt = -1
          throw new RetryLater('test', 'fails once', new Date())
        }
        return { batch: page, next: page + 1 < params.pages ? { page: page + 1 } : null }
      },
      async write(_, page) {
        order.push(`write ${page}`)
        return { new: 0, updated: 0, unchanged: 0 }
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

let it_: Suite
beforeEach(async () => {
  order = []
  it_ = await suite([source], { http })
})
afterEach(() => it_.close())

const run = async (pages: number) => it_.ended(await it_.startJob(source, { name: 'a', pages }))

test('after the rows of each page that has a next one', async () => {
  await it_.worker()
  expect(await run(3)).toBe('completed')
  expect(order).toEqual(['read 0', 'write 0', 'ask ahead', 'read 1', 'write 1', 'ask ahead', 'read 2', 'write 2'])
})

test('not where the page failed', async () => {
  failsAt = 1
  await it_.worker()
  expect(await run(2)).toBe('completed')
  expect(order).toEqual(['read 0', 'write 0', 'ask ahead', 'read 1', 'read 1', 'write 1'])
})

test('not at the end of a turn, when another worker may read the next page', async () => {
  await it_.worker({ turnMs: 0 })
  expect(await run(3)).toBe('completed')
  expect(order.filter((one) => one === 'ask ahead')).toEqual([])
})
