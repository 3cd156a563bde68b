import { z } from 'zod'
import { defineSource, defineStream, type Io, type NewTask, type Page } from '../../backend/contract'
import * as jobs from '../../backend/engine/jobs/verbs'
import { openElsewhere } from '../../backend/engine/store'
import { wake } from '../../backend/engine/wake'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/*
 * What a job knows of the others of its source, and discovery in a lane: tasks that find tasks are no backlog of what they find.
 */

interface Params {
  name: string
  find: string[]
  tasks: string[]
}
const queue = 'zkillboard_backfill_queue' as const
const noRows = { new: 0, updated: 0, unchanged: 0 }
let isHeld = true
const seen: Record<string, [string, string][]> = {}
const order: string[] = []

const part = (key: string): NewTask => ({ stream: 'parts', key, lane: 'parts', cursor: {} })
const parts = defineStream<object, null, Params>({
  queue,
  cursor: z.object({}),
  async read(step): Promise<Page<object, null>> {
    order.push(step.key)
    if (step.key === 'held') await until(async () => !isHeld)
    return { batch: null, next: null }
  },
  write: async () => noRows,
})
const finds = defineStream<object, null, Params>({
  queue,
  cursor: z.object({}),
  discovers: true,
  async read({ key, params }, io: Io): Promise<Page<object, null>> {
    order.push(key)
    seen[params.name] = [...(await io.inFlight('parts', params.tasks))]
    return { batch: null, next: null, tasks: params.tasks.map((task) => part(`${task}${params.name === 'chain' ? ` ${key}` : ''}`)) }
  },
  write: async () => noRows,
})
const source = defineSource<Params>({
  name: 'finding',
  about: 'a test',
  requests: {},
  params: z.object({ name: z.string(), find: z.array(z.string()), tasks: z.array(z.string()) }),
  example: { name: 'a', find: [], tasks: [] },
  apis: {},
  streams: { finds, parts },
  commands: {},
  workers: { 'worker-finding': { queues: [queue], concurrency: 3 } },
  plan: ({ name, find }) => ({
    tasks: find.map((key): NewTask => ({ stream: 'finds', key, lane: 'finding', cursor: {} })),
    lanesAtOnce: 2,
    backlog: 2,
    activeKey: name,
    estimate: { requests: {} },
  }),
})

let it_: Suite
beforeAll(async () => {
  it_ = await suite([source])
  await it_.worker({ concurrency: 3 })
})
afterAll(() => it_.close())

async function start(params: Params): Promise<string> {
  const job = await jobs.startJob(it_, source, params)
  await wake(it_.db, it_.broker)
  return job.id
}

it('knows the open tasks of another running job by their keys, not its own and not those that ended', async () => {
  const first = await start({ name: 'first', find: ['f'], tasks: ['before', 'held', 'later'] })
  await until(async () => order.includes('held'))
  const second = await start({ name: 'second', find: ['f'], tasks: ['before', 'held', 'later', 'new'] })
  await until(async () => seen.second !== undefined)
  expect(seen.first).toEqual([])
  expect(seen.second?.sort()).toEqual([
    ['held', first],
    ['later', first],
  ])
  expect(await openElsewhere(it_.db, 'other', null, 'parts', ['held'])).toEqual(new Map())
  isHeld = false
  expect(await it_.ended(first)).toBe('completed')
  expect(await it_.ended(second)).toBe('completed')
  expect(await openElsewhere(it_.db, 'finding', null, 'parts', ['held'])).toEqual(new Map())
})

it('discovery in a lane goes on in order, however many of its own tasks wait', async () => {
  order.length = 0
  const find = ['1', '2', '3', '4', '5', '6']
  const job = await start({ name: 'chain', find, tasks: ['a', 'b'] })
  expect(await it_.ended(job, 60_000)).toBe('completed')
  expect(order.filter((key) => find.includes(key))).toEqual(find)
  const read = order.filter((key) => !find.includes(key))
  expect(read).toEqual(find.flatMap((key) => [`a ${key}`, `b ${key}`]))
})
