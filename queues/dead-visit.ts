import { setTimeout as pause } from 'node:timers/promises'
import type { Channel, ChannelModel, ConfirmChannel, GetMessage } from 'amqplib'
import { Refused } from '../backend/base/errors'
import { closeChannel, connectOnce, within } from './connection'
import { type DeadLetter, readLetter } from './letter'
import { deadQueueOf, isQueue, QUEUES, type QueueName } from './names'

/*
 * The commands on dead letters, on a connection of their own. AMQP cannot look into a queue: each message is taken
 * without an ack, looked at, and given back when the look is over. Whoever looks at the same time sees fewer.
 */

/**
 * A quorum queue of RabbitMQ 4 throws a message away that was given back 20 times, and a look is one of them.
 * From this count on it is replaced by a fresh copy of itself.
 */
const RENEW_AFTER = 10
const CONFIRM_MS = 30_000
/** How long the broker may take to have the letters back, ms. */
const BACK_MS = 1_000
const STAYS = 'the dead letter stays where it is.'

export type Publish = (queue: string, body: Buffer, properties: object) => Promise<void>
/** `take` acks the letter, `keep` gives it back in the end, `enough` keeps it and looks no further. */
export type Decision = 'take' | 'keep' | 'enough'
export type Look = (letter: DeadLetter, publish: Publish) => Promise<Decision>

/**
 * Shows every dead letter to `look`, queue by queue.
 * @throws {Refused} `input` for an unknown queue, `setup` when the broker cannot be reached
 */
export async function visit(url: string, queue: string | undefined, look: Look): Promise<void> {
  if (queue !== undefined && !isQueue(queue)) {
    throw new Refused('input', `There is no queue "${queue}"; the queues are ${QUEUES.join(', ')}.`, 'queue')
  }
  const connection = await connectOnce(url, 'dead letters')
  try {
    const publish = await publisherOn(connection)
    for (const name of queue ? [queue] : QUEUES) {
      if (!(await visitOne(connection, name, look, publish))) break
    }
  } finally {
    // Expected: the connection was lost meanwhile, which gave everything back.
    await within(2_000, 'closing', connection.close()).catch(() => undefined)
  }
}

/** @returns false when the look is over */
async function visitOne(connection: ChannelModel, queue: QueueName, look: Look, publish: Publish): Promise<boolean> {
  const channel = await connection.createChannel()
  // A missing queue closes the channel; checkQueue tells.
  channel.on('error', () => undefined)
  const count = await channel.checkQueue(deadQueueOf(queue)).then(
    (seen) => seen.messageCount,
    (error: Error & { code?: number }) => {
      if (error.code === 404) return undefined
      throw error
    },
  )
  if (count === undefined) return true
  const held = { count: 0 }
  try {
    return await visitMessages(channel, queue, count, held, look, publish)
  } finally {
    await release(channel, queue, held.count)
  }
}

/**
 * By nack rather than by closing: since RabbitMQ 4.3 only the latter counts as a failed delivery. The queue takes them
 * back a little later, and the next command shall find them: it is waited for, unless somebody else has taken them meanwhile.
 */
async function release(channel: Channel, queue: QueueName, held: number): Promise<void> {
  const end = performance.now() + BACK_MS
  try {
    channel.nackAll(true)
    while ((await channel.checkQueue(deadQueueOf(queue))).messageCount < held && performance.now() < end) await pause(20)
  } catch {
    // The channel was closed by the broker, which gave them back.
  }
  await closeChannel(channel)
}

/** Looks at as many as were there at the start: what is added meanwhile, also by a replay that failed again, waits. */
async function visitMessages(
  channel: Channel,
  queue: QueueName,
  count: number,
  held: { count: number },
  look: Look,
  publish: Publish,
): Promise<boolean> {
  for (let seen = 0; seen < count; seen++) {
    const message = await channel.get(deadQueueOf(queue))
    if (!message) return true
    const decision = await look(readLetter(queue, message), publish)
    if (decision === 'take') channel.ack(message)
    else if (!(await renew(channel, queue, message, publish))) held.count++
    if (decision === 'enough') return false
  }
  return true
}

/** @returns whether a copy took the message's place */
async function renew(channel: Channel, queue: QueueName, message: GetMessage, publish: Publish): Promise<boolean> {
  const { headers, messageId, correlationId, timestamp, contentType } = message.properties
  const { 'x-delivery-count': deliveries, ...kept } = headers ?? {}
  if (Number(deliveries ?? 0) < RENEW_AFTER) return false
  await publish(deadQueueOf(queue), message.content, { headers: kept, messageId, correlationId, timestamp, contentType })
  channel.ack(message)
  return true
}

/** Publishes one message at a time, confirmed and mandatory; anything else is thrown. */
async function publisherOn(connection: ChannelModel): Promise<Publish> {
  const channel: ConfirmChannel = await connection.createConfirmChannel()
  let isReturned = false
  channel.on('return', () => {
    isReturned = true
  })
  // The confirm of the message fails with it.
  channel.on('error', () => undefined)
  return async (queue, body, properties) => {
    isReturned = false
    const confirmed = new Promise<void>((resolve, reject) => {
      channel.sendToQueue(queue, body, { ...properties, persistent: true, mandatory: true }, (error: Error | null) =>
        error ? reject(error) : resolve(),
      )
    })
    try {
      await within(CONFIRM_MS, 'confirming', confirmed)
    } catch (error) {
      throw new Refused('setup', `RabbitMQ did not take a message for ${queue} (${(error as Error).message}); ${STAYS}`)
    }
    if (isReturned) throw new Refused('setup', `Queue ${queue} is not there; ${STAYS} Start a worker or run setup, then try again.`)
  }
}
