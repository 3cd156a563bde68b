import { setTimeout as pause } from 'node:timers/promises'
import type { Channel, ChannelModel, ConfirmChannel, GetMessage } from 'amqplib'
import { Refused } from '../backend/base/errors'
import { closeChannel, connectOnce, within } from './connection'
import { type DeadLetter, readLetter } from './letter'
import { deadQueueOf, isQueue, QUEUES, type QueueName } from './names'

/*
 * Commands on dead letters, on a connection of their own. AMQP cannot peek into a queue: each message is taken without an ack and
 * released when the visit ends. Two visits at the same time each see fewer.
 */

/**
 * A quorum queue of RabbitMQ 4 drops a message that was released 20 times, and each visit releases it once. From this count on the
 * message is replaced by a fresh copy.
 */
const RENEW_AFTER = 10
const CONFIRM_MS = 30_000
/** How long the broker may take to requeue the letters, ms. */
const REQUEUE_MS = 1_000
const STAYS = 'the dead letter is still on its queue.'

export type Publish = (queue: string, body: Buffer, properties: object) => Promise<void>
/** `take` acks the letter, `keep` releases it at the end, `enough` keeps it and ends the visit. */
export type Decision = 'take' | 'keep' | 'enough'
export type Visitor = (letter: DeadLetter, publish: Publish) => Promise<Decision>

/**
 * Calls `visitor` with every dead letter, queue by queue.
 * @throws {Refused} `input` for an unknown queue, `setup` when the broker cannot be reached
 */
export async function visit(url: string, queue: string | undefined, visitor: Visitor): Promise<void> {
  if (queue !== undefined && !isQueue(queue)) {
    throw new Refused('input', `There is no queue ${JSON.stringify(queue)}; the queues are ${QUEUES.join(', ')}.`, 'queue')
  }
  const connection = await connectOnce(url, 'dead letters')
  try {
    const publish = await publisherOn(connection)
    for (const name of queue ? [queue] : QUEUES) {
      if (!(await visitOne(connection, name, visitor, publish))) break
    }
  } finally {
    // Expected: the connection was lost meanwhile, which released everything.
    await within(2_000, 'closing', connection.close()).catch(() => undefined)
  }
}

/** @returns false when the visit is over */
async function visitOne(connection: ChannelModel, queue: QueueName, visitor: Visitor, publish: Publish): Promise<boolean> {
  const channel = await connection.createChannel()
  // Expected: a missing queue closes the channel; checkQueue rejects with it.
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
    return await visitMessages(channel, queue, count, held, visitor, publish)
  } finally {
    await release(channel, queue, held.count)
  }
}

/**
 * By nack rather than by closing: since RabbitMQ 4.3 only the latter counts as a failed delivery. The queue has them again a little
 * later, so this waits until the next command finds them, or for `REQUEUE_MS` where another visit took them meanwhile.
 */
async function release(channel: Channel, queue: QueueName, held: number): Promise<void> {
  const end = performance.now() + REQUEUE_MS
  try {
    channel.nackAll(true)
    while ((await channel.checkQueue(deadQueueOf(queue))).messageCount < held && performance.now() < end) await pause(20)
  } catch {
    // Expected: the broker closed the channel, which released them.
  }
  await closeChannel(channel)
}

/** Visits as many as there were at the start: letters added meanwhile, also by a replay that failed again, are left for the next visit. */
async function visitMessages(
  channel: Channel,
  queue: QueueName,
  count: number,
  held: { count: number },
  visitor: Visitor,
  publish: Publish,
): Promise<boolean> {
  for (let seen = 0; seen < count; seen++) {
    const message = await channel.get(deadQueueOf(queue))
    if (!message) return true
    const decision = await visitor(readLetter(queue, message), publish)
    if (decision === 'take') channel.ack(message)
    else if (!(await renew(channel, queue, message, publish))) held.count++
    if (decision === 'enough') return false
  }
  return true
}

/** @returns whether a copy replaced the message */
async function renew(channel: Channel, queue: QueueName, message: GetMessage, publish: Publish): Promise<boolean> {
  const { headers, messageId, correlationId, timestamp, contentType } = message.properties
  const { 'x-delivery-count': deliveries, ...kept } = headers ?? {}
  if (Number(deliveries ?? 0) < RENEW_AFTER) return false
  await publish(deadQueueOf(queue), message.content, { headers: kept, messageId, correlationId, timestamp, contentType })
  channel.ack(message)
  return true
}

/** Publishes one message at a time, confirmed and mandatory; any other result throws. */
async function publisherOn(connection: ChannelModel): Promise<Publish> {
  const channel: ConfirmChannel = await connection.createConfirmChannel()
  let isReturned = false
  channel.on('return', () => {
    isReturned = true
  })
  // Expected: the confirm of the message fails with it.
  channel.on('error', () => undefined)
  return async (queue, body, properties) => {
    isReturned = false
    const confirmed = new Promise<void>((resolve, reject) => {
      channel.sendToQueue(queue, body, { ...properties, persistent: true, mandatory: true }, (error: Error | null) =>
        error ? reject(error) : resolve(),
      )
    })
    try {
      await within(CONFIRM_MS, 'the confirm', confirmed)
    } catch (error) {
      throw new Refused('setup', `RabbitMQ did not confirm a message for ${queue} (${(error as Error).message}); ${STAYS}`)
    }
    if (isReturned)
      throw new Refused('setup', `Queue ${queue} does not exist; ${STAYS} Start a worker or run ./scripts/setup, then try again.`)
  }
}
