import { Unreachable } from '../../backend/base/errors'
import type { Service } from '../../backend/service/base/context'
import { sendWakeUps } from '../../backend/service/jobs/start'
import { readiness } from '../../backend/service/suite/readiness'
import { ALARM } from '../../queues/alarm'
import type { Delivery } from '../../queues/delivery'
import { openDepths } from '../../queues/depths'
import { declareTopologyAt } from '../../queues/topology'
import { brokerAt, collect, type Outsider, outsider, recorder } from '../support/amqp'
import { command } from '../support/cli'
import { withBroker as test } from '../support/own'
import { type Broker as Node, startBroker } from '../support/services'
import { quiet } from '../support/suite'
import { until } from '../support/until'

/* What happens to publishers and consumers when the whole node goes: on a node of our own. */

const QUEUE = 'esi_character_info_queue'

let node: Node
beforeAll(async () => {
  node = await startBroker()
}, 120_000)
afterAll(() => node.kill(), 60_000)

type Broker = ReturnType<typeof brokerAt>

async function arrives(broker: Broker, got: string[], body: string): Promise<void> {
  const publish = async () => (await broker.publish([{ queue: QUEUE, body: Buffer.from(body) }]))[0] === 'confirmed'
  await until(publish, { timeoutMs: 60_000, what: `a confirm of ${body}` })
  await until(() => got.includes(body), { timeoutMs: 20_000, what: `${body} to arrive` })
}

/** Something done on a connection of its own. */
async function beside<T>(act: (other: Outsider) => Promise<T>): Promise<T> {
  const other = await outsider(node.url)
  try {
    return await act(other)
  } finally {
    await other.close()
  }
}

const has = (queue: string): Promise<boolean> => beside((other) => other.has(queue))

test('a broker that was stopped, killed and wiped is used again each time it comes back', async () => {
  const broker = brokerAt(node.url)
  const got = await collect(broker, QUEUE)
  await arrives(broker, got, 'before')
  await beside((other) => other.channel.assertQueue('kept', { durable: true }))

  await node.stop()
  await until(() => broker.state === 'unreachable')
  expect(await broker.publish([{ queue: QUEUE, body: 'nobody there' }])).toEqual(['failed'])
  await node.start()
  await arrives(broker, got, 'after a stop')
  expect(await has('kept')).toBe(true)

  await node.kill()
  await node.start()
  await arrives(broker, got, 'after a kill')
  expect(await has('kept')).toBe(true)

  await node.wipe()
  await arrives(broker, got, 'after a wipe')
  expect(await has('kept')).toBe(false)
  await broker.close()
}, 240_000)

test('a confirmed message survives the death of the node', async () => {
  const broker = brokerAt(node.url)
  expect(await broker.publish([{ queue: 'esi_type_info_queue', body: Buffer.from('kept') }])).toEqual(['confirmed'])
  // A node writes down which quorum queues it has half a second after they were declared. Killed before, it knows the
  // messages and not the queue: RabbitMQ 4.0 then has it without a leader until somebody deletes it.
  node.ctl('eval', 'ok = dets:sync(ra_directory_reverse).')
  await node.kill()
  await node.start()
  const got = await collect(broker, 'esi_type_info_queue')
  await until(() => got.includes('kept'), { timeoutMs: 30_000 })
  await broker.close()
}, 180_000)

test('a limit of the broker is reported in its own words, is no reason to delete anything, and passes', async () => {
  const limit = (limits: object) => node.ctl('set_vhost_limits', '-p', '/', JSON.stringify(limits))
  const log = recorder()
  // While nobody is connected: who connects next has something to declare.
  for (const queue of [QUEUE, 'zkillboard_backfill_queue']) await beside((other) => other.channel.deleteQueue(queue))
  limit({ 'max-connections': 0 })
  const full = /refuses now: "NOT_ALLOWED - access to vhost '\/' refused for user 'guest': connection limit \(0\) is reached"/
  await expect(declareTopologyAt(node.url)).rejects.toThrow(full)
  const broker = brokerAt(node.url, { log })
  await expect(broker.ready(1_000)).rejects.toThrow(full)
  await expect(broker.ready(1_000)).rejects.toBeInstanceOf(Unreachable)
  limit({ 'max-queues': 0 })
  const noMore = /cannot be declared now because RabbitMQ refuses: "PRECONDITION_FAILED - .*queue limit .*\(0\) is reached"/
  await until(() => log.lines.some((line) => noMore.test(line)), { timeoutMs: 20_000, what: 'the limit of queues to be told' })
  await expect(declareTopologyAt(node.url)).rejects.toThrow(noMore)
  expect(log.lines.filter((line) => noMore.test(line))).toHaveLength(1)
  limit({})
  await until(() => broker.state === 'connected', { timeoutMs: 20_000, what: 'the broker to be used once there is room' })
  await broker.close()
}, 120_000)

/** What people are told while the alarm lasts, by processes that have published nothing yet. */
async function saysAlarm(): Promise<void> {
  const { out } = await command({ RABBITMQ_URL: node.url, DATABASE_URL: 'postgresql://127.0.0.1:1/x' }, 'doctor --json')
  expect(JSON.parse(out).findings).toContainEqual({ check: 'broker', state: 'fault', text: ALARM })
  const broker = brokerAt(node.url)
  await broker.ready()
  const depths = openDepths({ url: node.url, name: 'alarm', log: quiet })
  const service = { db: { query: async () => [{ n: 1 }] }, log: quiet, broker, depths } as unknown as Service
  expect(await readiness(service)).toMatchObject({ status: 'not ready', database: 'ok', broker: ALARM })
  expect(await sendWakeUps({ broker }, async () => undefined)).toBe(ALARM)
  await Promise.all([broker.close(), depths.close()])
}

test('a broker short of memory blocks publishing, not consuming, and everybody says so', async () => {
  const broker = brokerAt(node.url, { confirmMs: 1_000 })
  const inHand: Delivery[] = []
  await broker.consume(QUEUE, 10, (delivery) => inHand.push(delivery))
  expect(await broker.publish([{ queue: QUEUE, body: 1 }])).toEqual(['confirmed'])
  await until(() => inHand.length === 1)
  node.ctl('set_vm_memory_high_watermark', 'absolute', '1')
  await until(async () => {
    await broker.publish([{ queue: 'esi_type_info_queue', body: 2 }])
    return broker.state === 'blocked'
  })
  expect(await broker.publish([{ queue: QUEUE, body: 3 }])).toEqual(['failed'])
  await saysAlarm()
  inHand[0]?.ack()
  node.ctl('set_vm_memory_high_watermark', '0.4')
  await until(() => broker.state === 'connected')
  expect(await broker.publish([{ queue: QUEUE, body: 4 }])).toEqual(['confirmed'])
  await until(() => inHand.length === 2)
  await broker.close()
  // The first was acked while the broker was blocked; the second was not and is back.
  await beside((other) => until(async () => (await other.ready(QUEUE)) === 1))
}, 60_000)
