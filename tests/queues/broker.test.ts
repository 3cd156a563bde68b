import type { Channel } from 'amqplib'
import { openBroker } from '../../queues/broker'
import type { Delivery } from '../../queues/delivery'
import { declareTopology, declareTopologyAt, TOPOLOGY } from '../../queues/topology'
import { brokerAt, collect, outsider, recorder, throughProxy } from '../support/amqp'
import { type TestEnv, testEnv } from '../support/env'
import { until } from '../support/until'

const QUEUE = 'zkillboard_backfill_queue'
const OTHER = 'esi_type_info_queue'

let env: TestEnv
const closing: (() => Promise<void>)[] = []
/** Closed after the test, in reverse order. */
function later<T extends { close(): Promise<void> }>(it: T): T {
  closing.push(() => it.close())
  return it
}

beforeEach(async () => {
  env = later(await testEnv({ isNew: true }))
})
afterEach(async () => {
  jest.restoreAllMocks()
  for (const close of closing.splice(0).reverse()) await close()
})

/** The channels on which consumers were started, in order. */
async function consumerChannels(): Promise<() => Channel[]> {
  const { channel } = later(await outsider(env.rabbitmqUrl))
  const spy = jest.spyOn(Object.getPrototypeOf(channel) as Channel, 'consume')
  return () => spy.mock.contexts as Channel[]
}

describe('publishing', () => {
  test('each message has its own answer, in order', async () => {
    const broker = later(brokerAt(env.rabbitmqUrl))
    const sent = await broker.publish([
      { queue: QUEUE, body: { taskId: '1' }, messageId: 'same' },
      { queue: 'nobody_listens', body: { taskId: '2' }, messageId: 'same' },
      { exchange: 'backhaul.events', routingKey: 'job.completed', body: {}, mandatory: false },
      { exchange: 'backhaul.events', routingKey: 'job.completed', body: {} },
      { queue: OTHER, body: Buffer.from('bytes as they are') },
    ])
    expect(sent).toEqual(['confirmed', 'unroutable', 'confirmed', 'unroutable', 'confirmed'])
    const other = later(await outsider(env.rabbitmqUrl))
    const message = await other.channel.get(QUEUE)
    expect(message).toMatchObject({ properties: { deliveryMode: 2, messageId: 'same', contentType: 'application/json' } })
    expect((await other.channel.get(OTHER)) && (await other.ready(OTHER))).toBe(0)
  })

  test('a call with two thousand messages goes out as one batch', async () => {
    const broker = later(brokerAt(env.rabbitmqUrl))
    const sent = await broker.publish(Array.from({ length: 2000 }, (_, taskId) => ({ queue: QUEUE, body: { taskId } })))
    expect(sent.filter((one) => one === 'confirmed')).toHaveLength(2000)
    const other = later(await outsider(env.rabbitmqUrl))
    await until(async () => (await other.ready(QUEUE)) === 2000)
  })

  test('a message that cannot be encoded fails alone', async () => {
    const broker = later(brokerAt(env.rabbitmqUrl))
    const sent = await broker.publish([
      { queue: QUEUE, body: 1, headers: { reason: 'x'.repeat(70_000) } },
      { queue: QUEUE, body: 2 },
    ])
    expect(sent).toEqual(['failed', 'confirmed'])
  })

  test('a queue of ours that was deleted is declared again and the message goes out', async () => {
    const broker = later(brokerAt(env.rabbitmqUrl))
    await broker.ready()
    const other = later(await outsider(env.rabbitmqUrl))
    await other.channel.deleteQueue(QUEUE)
    expect(await broker.publish([{ queue: QUEUE, body: { taskId: '1' } }])).toEqual(['confirmed'])
    await until(async () => (await other.ready(QUEUE)) === 1)
  })

  test('a channel the broker closed is replaced', async () => {
    const broker = later(brokerAt(env.rabbitmqUrl))
    const [lost] = await broker.publish([{ exchange: 'no.such.exchange', routingKey: 'x', body: 1 }])
    expect(lost).toBe('failed')
    expect(await broker.publish([{ queue: QUEUE, body: 1 }])).toEqual(['confirmed'])
    expect(broker.state).toBe('connected')
  })

  test('a cut connection fails nothing that is published afterwards', async () => {
    const { proxy, url } = await throughProxy(env.rabbitmqUrl)
    later(proxy)
    const broker = later(brokerAt(url))
    await broker.ready()
    proxy.cut()
    await until(() => broker.state === 'unreachable')
    expect(await broker.publish([{ queue: QUEUE, body: 1 }])).toEqual(['confirmed'])
    expect(broker.state).toBe('connected')
  })

  test('a message that is not confirmed in time has failed, and a silent connection is replaced', async () => {
    const { proxy, url } = await throughProxy(env.rabbitmqUrl)
    later(proxy)
    const log = recorder()
    const broker = later(brokerAt(url, { confirmMs: 300, log }))
    await broker.ready()
    proxy.pause()
    expect(await broker.publish([{ queue: QUEUE, body: 1 }])).toEqual(['failed'])
    await until(() => log.lines.some((line) => line.startsWith('Closing a RabbitMQ connection')))
    proxy.resume()
    await until(async () => (await broker.publish([{ queue: QUEUE, body: 2 }]))[0] === 'confirmed')
  })

  test('a broker that is unreachable answers failed and throws nothing', async () => {
    const broker = later(brokerAt('amqp://127.0.0.1:1', { confirmMs: 300 }))
    expect(await broker.publish([{ queue: QUEUE, body: 1 }])).toEqual(['failed'])
    expect(broker.state).toBe('unreachable')
  })
})

describe('being ready', () => {
  const refused = (url: string) => later(brokerAt(url)).ready(2_000)
  const at = (change: (url: URL) => void) => {
    const url = new URL(env.rabbitmqUrl)
    change(url)
    return url.href
  }

  test('a wrong password, an unknown vhost and a silent port each get their own sentence without the password', async () => {
    const wrong = at((url) => {
      url.password = 'sesame'
    })
    await expect(refused(wrong)).rejects.toMatchObject({ code: 'setup', message: expect.stringMatching(/refuses user "guest"/) })
    await expect(refused(wrong)).rejects.not.toThrow('sesame')
    const elsewhere = at((url) => {
      url.pathname = '/nowhere'
    })
    await expect(refused(elsewhere)).rejects.toMatchObject({ code: 'setup', message: expect.stringMatching(/no such vhost/) })
    await expect(refused('amqp://127.0.0.1:1')).rejects.toMatchObject({
      code: 'setup',
      message: expect.stringMatching(/cannot be reached/),
    })
  })

  test('a queue declared otherwise is named with what to do', async () => {
    const other = later(await outsider(env.rabbitmqUrl))
    await other.channel.assertQueue(QUEUE, { durable: true })
    const sentence = /Queue "zkillboard_backfill_queue" already exists with other settings \(x-.*\); .*rabbitmqctl delete_queue/
    await expect(declareTopologyAt(env.rabbitmqUrl)).rejects.toMatchObject({ code: 'setup', message: expect.stringMatching(sentence) })
    await expect(refused(env.rabbitmqUrl)).rejects.toMatchObject({ code: 'setup', message: expect.stringMatching(sentence) })
  })

  test('the topology can be declared again and again', async () => {
    await declareTopologyAt(env.rabbitmqUrl)
    await declareTopologyAt(env.rabbitmqUrl)
    const other = later(await outsider(env.rabbitmqUrl))
    for (const { name } of TOPOLOGY) expect(await other.channel.checkQueue(name)).toMatchObject({ queue: name })
  })
})

describe('consuming', () => {
  /** Whatever happened: a message sent now arrives. */
  async function stillArrives(publish: ReturnType<typeof brokerAt>, got: string[]): Promise<void> {
    const marker = { marker: got.length }
    await until(async () => (await publish.publish([{ queue: QUEUE, body: marker }]))[0] === 'confirmed')
    await until(() => got.includes(JSON.stringify(marker)), { what: 'a message after the fault' })
  }

  test('goes on after its connection was cut', async () => {
    const { proxy, url } = await throughProxy(env.rabbitmqUrl)
    later(proxy)
    const broker = later(brokerAt(url))
    const got = await collect(broker, QUEUE)
    proxy.cut()
    await stillArrives(broker, got)
  })

  test('goes on after the broker closed its channel', async () => {
    const channels = await consumerChannels()
    const broker = later(brokerAt(env.rabbitmqUrl))
    const got = await collect(broker, QUEUE)
    channels()[0]?.ack({ fields: { deliveryTag: 4711 } } as never)
    await until(() => channels().length === 2, { what: 'a second consumer' })
    await stillArrives(broker, got)
  })

  test('goes on after its queue was deleted', async () => {
    const broker = later(brokerAt(env.rabbitmqUrl))
    const got = await collect(broker, QUEUE)
    const other = later(await outsider(env.rabbitmqUrl))
    await other.channel.deleteQueue(QUEUE)
    await stillArrives(broker, got)
  })

  test('goes on after its queue was deleted and declared again at once', async () => {
    const broker = later(brokerAt(env.rabbitmqUrl))
    const got = await collect(broker, QUEUE)
    const other = later(await outsider(env.rabbitmqUrl))
    await other.channel.deleteQueue(QUEUE)
    await declareTopology(other.channel)
    await stillArrives(broker, got)
  })

  test('the watchdog notices a consumer that is gone without a word, also beside others', async () => {
    const channels = await consumerChannels()
    const broker = later(brokerAt(env.rabbitmqUrl))
    const got = await collect(broker, QUEUE)
    const busy = later(brokerAt(env.rabbitmqUrl))
    const held: Delivery[] = []
    const [silenced] = channels()
    const [tag] = [...(silenced as unknown as { consumers: Map<string, unknown> }).consumers.keys()]
    await silenced?.cancel(tag as string)
    await busy.consume(QUEUE, 1, (delivery) => held.push(delivery))
    await broker.publish([{ queue: QUEUE, body: 'held' }])
    await until(() => held.length === 1)
    await stillArrives(broker, got)
  })

  test('the watchdog closes a connection that no longer answers', async () => {
    const { proxy, url } = await throughProxy(env.rabbitmqUrl)
    later(proxy)
    const log = recorder()
    const broker = later(brokerAt(url, { log }))
    const got = await collect(broker, QUEUE)
    proxy.pause()
    await until(() => log.lines.some((line) => line.startsWith('Closing a RabbitMQ connection') && line.includes('consumer')), {
      timeoutMs: 30_000,
    })
    proxy.resume()
    await stillArrives(broker, got)
  })

  test('an ack of an older channel is dropped, the message comes again', async () => {
    const { proxy, url } = await throughProxy(env.rabbitmqUrl)
    later(proxy)
    const log = recorder()
    const broker = later(brokerAt(url, { log }))
    const deliveries: Delivery[] = []
    await broker.consume(QUEUE, 5, (delivery) => deliveries.push(delivery))
    await broker.publish([{ queue: QUEUE, body: { taskId: '1' } }])
    await until(() => deliveries.length === 1)
    proxy.cut()
    await until(() => deliveries.length === 2)
    const [stale, fresh] = deliveries
    expect(fresh?.redelivered).toBe(true)
    stale?.ack()
    stale?.release()
    fresh?.ack()
    fresh?.ack()
    await broker.publish([{ queue: QUEUE, body: { taskId: '2' } }])
    await until(() => deliveries.length === 3)
    expect(log.lines.filter((line) => line.includes('PRECONDITION'))).toEqual([])
  })

  test('what is released is delivered again', async () => {
    const broker = later(brokerAt(env.rabbitmqUrl))
    const seen: boolean[] = []
    await broker.consume(QUEUE, 5, (delivery) => {
      seen.push(delivery.redelivered)
      if (delivery.redelivered) delivery.ack()
      else delivery.release()
    })
    await broker.publish([{ queue: QUEUE, body: 1 }])
    await until(() => seen.length === 2)
    expect(seen).toEqual([false, true])
  })

  test('prefetch bounds what is in hand; a stopped consumer gets nothing more and may still ack', async () => {
    const broker = later(brokerAt(env.rabbitmqUrl))
    const inHand: Delivery[] = []
    const subscription = await broker.consume(QUEUE, 2, (delivery) => inHand.push(delivery))
    await broker.publish([1, 2, 3, 4].map((body) => ({ queue: QUEUE, body })))
    const other = later(await outsider(env.rabbitmqUrl))
    await until(async () => inHand.length === 2 && (await other.ready(QUEUE)) === 2)
    await subscription.stop()
    for (const delivery of inHand) delivery.ack()
    await broker.close()
    expect(await other.ready(QUEUE)).toBe(2)
    expect(inHand).toHaveLength(2)
  })

  test('a consumer asked for while the broker is unreachable is there once it comes', async () => {
    const { proxy, url } = await throughProxy(env.rabbitmqUrl)
    later(proxy)
    proxy.pause()
    const broker = later(openBroker({ url, name: 'early', log: recorder(), watchdogMs: 200 }))
    const early = collect(broker, QUEUE)
    expect(broker.state).toBe('unreachable')
    proxy.resume()
    await stillArrives(broker, await early)
  })
})
