import { listDead } from '../../../queues/dead'
import { type Tf2World, tf2World } from '../../support/tf2-world'
import { until } from '../../support/until'

/* Raw messages on the queue of requests, as producers send them. */

const QUEUE = 'backpack-tf-backfill-requests'
const BAT = { item_defindex: 190, item_quality_id: 11 }
let world: Tf2World

beforeAll(async () => {
  // One message at a time, so that the end of one shows that those before it were processed.
  world = await tf2World({ buys: 1, sells: 1 }, { concurrency: 1 })
}, 120_000)
afterAll(() => world?.close())
beforeEach(() => world.fresh())

const publish = (body: object) => world.suite.broker.publish([{ queue: QUEUE, body: Buffer.from(JSON.stringify(body)) }])
const jobs = () =>
  world.suite.db.query<{ id: string; status: string; params: Record<string, unknown> }>(
    'select id, status, params from backhaul.jobs order by created_at, id',
  )
/** The job of a message, once it has ended. */
async function jobOf(body: object) {
  await publish(body)
  const job = await until(async () => (await jobs()).at(-1), { what: 'the job' })
  expect(await world.suite.ended(job.id, 30_000)).toBe('completed')
  return job
}

const timestamp = '2024-01-01T12:00:00.000Z'
const NULLS = { listing_id: null, max_inventory_size: null }

test.each([
  [
    'wrapped',
    { data: { request_type: 'FULL', ...BAT, max_inventory_size: 50 }, timestamp, messageId: 'wrapped' },
    { request_type: 'FULL', ...BAT, max_inventory_size: 50 },
  ],
  ['data alone', { data: { request_type: 'BUY_ONLY', ...BAT } }, { request_type: 'BUY_ONLY', ...BAT }],
  ['not wrapped', { request_type: 'SELL_ONLY', ...BAT }, { request_type: 'SELL_ONLY', ...BAT }],
  ['with nulls', { data: { request_type: null, ...BAT, ...NULLS }, timestamp: null, messageId: null }, { request_type: 'FULL', ...BAT }],
  ['defindex 0', { data: { ...BAT, item_defindex: 0 }, timestamp }, { request_type: 'FULL', ...BAT, item_defindex: 0 }],
  [
    'an id alone',
    { data: { request_type: 'SINGLE_ID', listing_id: '440_16525961480', item_defindex: null } },
    { request_type: 'SINGLE_ID', listing_id: '440_16525961480' },
  ],
])(
  '%s',
  async (_, body, params) => {
    expect((await jobOf(body)).params).toMatchObject(params)
  },
  60_000,
)

test('a message that comes twice is one job', async () => {
  const body = { data: { request_type: 'BUY_ONLY', ...BAT }, timestamp, messageId: 'twice' }
  await jobOf(body)
  await publish(body)
  await publish({ data: { request_type: 'SELL_ONLY', ...BAT } })
  await until(async () => (await jobs()).some(({ params }) => params.request_type === 'SELL_ONLY'), { what: 'the job after it' })
  expect((await jobs()).map(({ params }) => params.request_type)).toEqual(['BUY_ONLY', 'SELL_ONLY'])
}, 60_000)

test.each([
  ['max_inventory_size must be a whole number of at least 1, got 0', { data: { ...BAT, max_inventory_size: 0 } }],
  [
    'request_type must be one of FULL, BUY_ONLY, SELL_ONLY, SINGLE_ID, got "full"',
    { data: { ...BAT, request_type: 'full' }, messageId: 'full' },
  ],
  ['listing_id must be 440_<asset id>', { data: { request_type: 'SINGLE_ID', listing_id: '730_1' } }],
])('a dead letter says: %s', async (reason, body) => {
  await publish(body)
  await until(async () => (await listDead(world.suite.rabbitmqUrl, QUEUE)).find((letter) => letter.reason.includes(reason)), {
    what: 'the dead letter',
  })
  expect(await jobs()).toEqual([])
})
