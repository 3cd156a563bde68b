import { bury } from '../../queues/dead'
import { openDepths } from '../../queues/depths'
import type { QueueName } from '../../queues/names'
import { brokerAt, collect, outsider, recorder } from '../support/amqp'
import { type TestEnv, testEnv } from '../support/env'
import { until } from '../support/until'

const QUEUE = 'zkillboard_backfill_queue'
const OTHER = 'esi_type_info_queue'
let env: TestEnv
beforeAll(async () => {
  env = await testEnv({ isNew: true })
})
afterAll(() => env.close())

test('the broker reports messages, consumers and dead letters of every queue, and does so after one was deleted', async () => {
  const broker = brokerAt(env.rabbitmqUrl)
  const other = await outsider(env.rabbitmqUrl)
  const depths = openDepths({ url: env.rabbitmqUrl, name: 'test', log: recorder() })
  const of = async (queue: QueueName) => (await depths.read())?.get(queue)
  await broker.ready()
  await broker.publish([1, 2, 3].map((taskId) => ({ queue: QUEUE, body: { taskId } })))
  await bury(broker, { queue: QUEUE, body: Buffer.from('{}') }, 'a test')
  await collect(broker, OTHER)
  await until(async () => (await of(QUEUE))?.ready === 3 && (await of(QUEUE))?.dead === 1 && (await of(OTHER))?.consumers === 1)
  expect(await of(QUEUE)).toEqual({ ready: 3, consumers: 0, dead: 1 })
  await other.channel.deleteQueue('esi_alliance_info_queue')
  await until(async () => (await of('esi_alliance_info_queue')) === undefined)
  expect((await of(QUEUE))?.ready).toBe(3)
  await Promise.all([depths.close(), other.close(), broker.close()])
})

test('nothing is known of a broker that is unreachable', async () => {
  const depths = openDepths({ url: 'amqp://guest:guest@127.0.0.1:1', name: 'test', log: recorder() })
  expect(await depths.read()).toBeUndefined()
  await depths.close()
})
