import { type ChannelModel, connect } from 'amqplib'
import { bury, dropDead, listDead, replayDead, showDead } from '../../queues/dead'
import { groupOf } from '../../queues/dead-groups'
import { letterHeaders } from '../../queues/letter'
import { deadQueueOf } from '../../queues/names'
import { declareTopologyAt, TOPOLOGY } from '../../queues/topology'
import { brokerAt, collect, type Outsider, outsider } from '../support/amqp'
import { type TestEnv, testEnv } from '../support/env'
import { withBroker } from '../support/own'
import { until } from '../support/until'

const QUEUE = 'zkillboard_backfill_queue'
const OTHER = 'esi_type_info_queue'

let env: TestEnv
let broker: ReturnType<typeof brokerAt>
let other: Outsider
beforeAll(async () => {
  env = await testEnv({ isNew: true })
  broker = brokerAt(env.rabbitmqUrl)
  other = await outsider(env.rabbitmqUrl)
}, 120_000)
beforeEach(async () => {
  await declareTopologyAt(env.rabbitmqUrl)
  for (const { name } of TOPOLOGY) await other.channel.purgeQueue(name)
})
afterAll(async () => {
  await broker.close()
  await other.close()
  await env.close()
})

const letter = (text: string, messageId?: string) => ({ queue: QUEUE as typeof QUEUE, body: Buffer.from(text), messageId })
const texts = (letters: { body: Buffer }[]) => letters.map((one) => one.body.toString())

test('a buried message keeps its body, its id, the reason and the queue it was meant for', async () => {
  const before = Date.now()
  expect(await bury(broker, letter('not json', 'm-1'), 'The message is not JSON.')).toBe(true)
  const [found, ...rest] = await listDead(env.rabbitmqUrl)
  expect(rest).toEqual([])
  expect(found).toMatchObject({ queue: QUEUE, reason: 'The message is not JSON.', messageId: 'm-1', bytes: 8 })
  expect(found?.body.toString()).toBe('not json')
  expect(found?.at?.getTime()).toBeGreaterThanOrEqual(before)
})

test('a long reason is cut to 2 kB and never in the middle of a character', async () => {
  await bury(broker, letter('x'), `a${'ü'.repeat(50_000)}`)
  const reason = (await listDead(env.rabbitmqUrl))[0]?.reason ?? ''
  expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(2048)
  expect(reason).toMatch(/^aü{900,}…$/)
})

test('a list loses nothing and counts for nothing, however often it is asked for', async () => {
  for (const text of ['one', 'two', 'three']) await bury(broker, letter(text), 'why')
  const ids = (await listDead(env.rabbitmqUrl)).map((one) => one.id)
  for (let list = 0; list < 25; list++) expect((await listDead(env.rabbitmqUrl, QUEUE)).map((one) => one.id)).toEqual(ids)
  const again = await other.channel.get(`${QUEUE}.dead`)
  // A broker with a limit drops what was released 20 times.
  expect(again).not.toBe(false)
  if (again) expect(Number(again.properties.headers?.['x-delivery-count'] ?? 0)).toBeLessThanOrEqual(11)
})

/** Letters of two queues are in the order of their milliseconds. */
async function nextMillisecond(): Promise<void> {
  const now = Date.now()
  await until(() => Date.now() > now, { what: 'the next millisecond' })
}

test('a list is of one queue or all, oldest first, with a limit', async () => {
  await bury(broker, letter('first'), 'why')
  await nextMillisecond()
  await bury(broker, { ...letter('second'), queue: OTHER }, 'why')
  await nextMillisecond()
  await bury(broker, letter('third'), 'why')
  expect(texts(await listDead(env.rabbitmqUrl))).toEqual(['first', 'second', 'third'])
  expect(texts(await listDead(env.rabbitmqUrl, QUEUE))).toEqual(['first', 'third'])
  expect(texts(await listDead(env.rabbitmqUrl, undefined, 2))).toEqual(['first', 'second'])
  expect(texts(await listDead(env.rabbitmqUrl, undefined, 2))).toEqual(['first', 'second'])
  await expect(listDead(env.rabbitmqUrl, 'no_such_queue')).rejects.toMatchObject({ code: 'input', field: 'queue' })
})

test('one is replayed with its message id and leaves the others', async () => {
  for (const text of ['one', 'two', 'three']) await bury(broker, letter(text, `id of ${text}`), 'why')
  const two = (await listDead(env.rabbitmqUrl)).find((one) => one.body.toString() === 'two')
  expect(await replayDead(env.rabbitmqUrl, { id: two?.id })).toBe(1)
  const message = await other.channel.get(QUEUE)
  expect(message).toMatchObject({ content: Buffer.from('two'), properties: { messageId: 'id of two', deliveryMode: 2 } })
  expect(texts(await listDead(env.rabbitmqUrl))).toEqual(['one', 'three'])
})

test('all of a queue, or of all queues, are replayed or dropped', async () => {
  for (const queue of [QUEUE, OTHER] as const) {
    for (const text of ['a', 'b']) await bury(broker, { ...letter(`${queue} ${text}`), queue }, 'why')
  }
  expect(await replayDead(env.rabbitmqUrl, { queue: QUEUE })).toBe(2)
  expect(await other.ready(OTHER)).toBe(0)
  const worker = brokerAt(env.rabbitmqUrl)
  const got = await collect(worker, QUEUE)
  await until(() => got.length === 2)
  await worker.close()
  expect(got.sort()).toEqual([`${QUEUE} a`, `${QUEUE} b`])
  const [a] = await listDead(env.rabbitmqUrl)
  expect(await dropDead(env.rabbitmqUrl, { id: a?.id })).toBe(1)
  expect(texts(await listDead(env.rabbitmqUrl))).toEqual([`${OTHER} b`])
  expect(await dropDead(env.rabbitmqUrl, { all: true })).toBe(1)
  expect(await listDead(env.rabbitmqUrl)).toEqual([])
})

withBroker('a body of 20 MB is shown whole and replayed whole', async () => {
  const body = Buffer.alloc(20_000_000, 'x')
  await bury(broker, { ...letter(''), body }, 'too large')
  const [listed] = await listDead(env.rabbitmqUrl)
  expect(listed).toMatchObject({ bytes: body.length })
  expect(listed?.body.length).toBe(4096)
  expect((await showDead(env.rabbitmqUrl, listed?.id ?? '')).body.equals(body)).toBe(true)
  expect(await replayDead(env.rabbitmqUrl, { all: true })).toBe(1)
  const message = await other.channel.get(QUEUE)
  expect(message ? message.content.equals(body) : 'no message').toBe(true)
})

test('all of a reason are replayed among thousands of others, which are kept on several channels', async () => {
  const N = 5_000
  for (let from = 0; from < N; from += 1000)
    await broker.publish(
      Array.from({ length: 1000 }, (_, n) => ({
        queue: deadQueueOf(QUEUE),
        body: Buffer.from(String(from + n)),
        messageId: `m-${from + n}`,
        headers: letterHeaders(QUEUE, n % 5 === 0 ? 'not JSON' : 'characterId is missing'),
      })),
    )
  await until(async () => (await other.ready(`${QUEUE}.dead`)) === N, { what: 'the letters' })
  const probe = await connect(env.rabbitmqUrl)
  const watched = jest.spyOn(Object.getPrototypeOf(probe) as ChannelModel, 'createChannel')
  try {
    expect(await replayDead(env.rabbitmqUrl, { queue: QUEUE, group: groupOf('not JSON'), all: true })).toBe(N / 5)
    // A channel keeps 2,000 letters or little more: for each ack the broker reads all of them.
    expect(watched.mock.calls.length).toBeGreaterThanOrEqual(2)
  } finally {
    watched.mockRestore()
    await probe.close()
  }
  await until(async () => (await other.ready(QUEUE)) === N / 5, { what: 'those that were replayed' })
  await until(async () => (await other.ready(`${QUEUE}.dead`)) === N - N / 5, { what: 'the others' })
}, 60_000)

test('a replay whose queue is gone keeps the dead letter and says so', async () => {
  await bury(broker, letter('stays'), 'why')
  await other.channel.deleteQueue(QUEUE)
  await expect(replayDead(env.rabbitmqUrl, { all: true })).rejects.toMatchObject({ code: 'setup', message: expect.stringContaining(QUEUE) })
  expect(texts(await listDead(env.rabbitmqUrl))).toEqual(['stays'])
})

test('what the broker itself rejected is listed with its reason and replayed', async () => {
  other.channel.sendToQueue(QUEUE, Buffer.from('rejected'), { persistent: true })
  const message = await until(() => other.channel.get(QUEUE))
  other.channel.reject(message, false)
  const [found] = await until(async () => {
    const letters = await listDead(env.rabbitmqUrl)
    return letters.length > 0 && letters
  })
  expect(found).toMatchObject({ queue: QUEUE, reason: 'dead-lettered by RabbitMQ: rejected' })
  expect((await showDead(env.rabbitmqUrl, found?.id ?? '')).body.toString()).toBe('rejected')
  expect(await replayDead(env.rabbitmqUrl, { id: found?.id })).toBe(1)
  expect(await other.ready(QUEUE)).toBe(1)
})

test('an unknown id, nothing chosen, and a broker that is unreachable are refused in a sentence', async () => {
  const missing = { code: 'missing', message: expect.stringContaining('abc123') }
  await expect(showDead(env.rabbitmqUrl, 'abc123')).rejects.toMatchObject(missing)
  await expect(replayDead(env.rabbitmqUrl, { id: 'abc123' })).rejects.toMatchObject(missing)
  await expect(dropDead(env.rabbitmqUrl, { id: 'abc123' })).rejects.toMatchObject(missing)
  await expect(dropDead(env.rabbitmqUrl, {})).rejects.toMatchObject({ code: 'input' })
  await expect(listDead('amqp://127.0.0.1:1')).rejects.toMatchObject({ code: 'setup' })
})
