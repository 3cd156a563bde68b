import { setTimeout as pause } from 'node:timers/promises'
import type { Channel, ChannelModel, ConfirmChannel, ConsumeMessage } from 'amqplib'
import { Refused } from '../backend/base/errors'
import { closeChannel, connectOnce, within } from './connection'
import { takeChunk } from './dead-chunk'
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
/** How long the broker may take to requeue the next of the letters, ms: it requeues them at once, 60,000 in 3 s. */
const REQUEUE_MS = 1_000
const REQUEUE_EACH_MS = 0.2
const STAYS = 'the dead letter is still on its queue.'

export type Publish = (queue: string, body: Buffer, properties: object) => Promise<void>
/**
 * `take` acks the letter, `keep` releases it at the end. `next` keeps it and goes on with the next queue, `enough` keeps it and ends the
 * visit; both once the letters are decided that were taken off together with it.
 */
export type Decision = 'take' | 'keep' | 'next' | 'enough'
export type Visitor = (letter: DeadLetter, publish: Publish) => Promise<Decision>

export interface VisitOptions {
  /** Letters of each queue at most, the oldest. */
  most?: number
  /** Called after each chunk, before more letters are taken off. */
  onChunk?(): Promise<void>
}

/**
 * Letters that one channel keeps without an ack. To ack one, the broker goes through all that its channel has not acked: with 50,000 of
 * them on one channel, replaying as many others took 200 s.
 */
const MAX_HELD = 2_000

/** Letters taken off together: few at first, then so many that their bodies are about `CHUNK_BYTES`. */
const FIRST_CHUNK = 10
const MAX_CHUNK = 500
const CHUNK_BYTES = 8_000_000

const nextChunk = (chunk: readonly ConsumeMessage[]): number => {
  const bytes = chunk.reduce((sum, { content }) => sum + content.length, 1)
  return Math.max(1, Math.min(MAX_CHUNK, Math.floor((CHUNK_BYTES * chunk.length) / bytes)))
}

/**
 * Calls `visitor` with every dead letter, queue by queue; those of one chunk at once.
 * @throws {Refused} `input` for an unknown queue, `setup` when the broker cannot be reached
 */
export async function visit(url: string, queue: string | undefined, visitor: Visitor, options: VisitOptions = {}): Promise<void> {
  if (queue !== undefined && !isQueue(queue)) {
    throw new Refused('input', `There is no queue ${JSON.stringify(queue)}; the queues are ${QUEUES.join(', ')}.`, 'queue')
  }
  const connection = await connectOnce(url, 'dead letters')
  try {
    const publish = await publisherOn(connection)
    for (const name of queue ? [queue] : QUEUES) {
      if (!(await visitOne(connection, name, visitor, publish, options))) break
    }
  } finally {
    // Expected: the connection was lost meanwhile, which released everything.
    await within(2_000, 'closing', connection.close()).catch(() => undefined)
  }
}

/** @returns false when the visit is over */
async function visitOne(
  connection: ChannelModel,
  queue: QueueName,
  visitor: Visitor,
  publish: Publish,
  options: VisitOptions,
): Promise<boolean> {
  const channels: Channel[] = []
  const open = async (): Promise<Channel> => {
    const opened = await connection.createChannel()
    // Expected: a missing queue closes the channel; checkQueue rejects with it.
    opened.on('error', () => undefined)
    channels.push(opened)
    return opened
  }
  const channel = await open()
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
    return await visitMessages(channel, open, queue, Math.min(count, options.most ?? count), held, visitor, publish, options)
  } finally {
    await release(channels, queue, held.count)
  }
}

/**
 * By nack rather than by closing: since RabbitMQ 4.3 only the latter counts as a failed delivery. The queue has them again a little
 * later, so this waits until the next command finds them, or until no more come, where another visit took them meanwhile.
 */
async function release(channels: readonly Channel[], queue: QueueName, held: number): Promise<void> {
  let most = 0
  let movedAt = performance.now()
  try {
    for (const channel of channels) channel.nackAll(true)
    while (most < held && performance.now() - movedAt < REQUEUE_MS + held * REQUEUE_EACH_MS) {
      const messageCount = (await channels[0]?.checkQueue(deadQueueOf(queue)))?.messageCount ?? 0
      if (messageCount > most) movedAt = performance.now()
      most = Math.max(most, messageCount)
      if (most < held) await pause(20)
    }
  } catch {
    // Expected: the broker closed the channel, which released them.
  }
  for (const channel of channels) await closeChannel(channel)
}

/** Visits as many as there were at the start: letters added meanwhile, also by a replay that failed again, are left for the next visit. */
async function visitMessages(
  first: Channel,
  open: () => Promise<Channel>,
  queue: QueueName,
  count: number,
  held: { count: number },
  visitor: Visitor,
  publish: Publish,
  { onChunk }: VisitOptions,
): Promise<boolean> {
  let channel = first
  let heldBefore = 0
  let size = FIRST_CHUNK
  for (let left = count; left > 0; ) {
    const chunk = await takeChunk(channel, deadQueueOf(queue), Math.min(size, left))
    if (chunk.length === 0) return true
    size = nextChunk(chunk)
    left -= chunk.length
    held.count += chunk.length
    const from = channel
    const decide = async (message: ConsumeMessage): Promise<Decision> => {
      const decision = await visitor(readLetter(queue, message), publish)
      if (decision === 'take') from.ack(message)
      if (decision === 'take' || (await renew(from, queue, message, publish))) held.count--
      return decision
    }
    // All of them end before the first failure is thrown: what was published must be acked.
    const settled = await Promise.allSettled(chunk.map(decide))
    for (const one of settled) if (one.status === 'rejected') throw one.reason
    const decisions = settled.map((one) => (one.status === 'fulfilled' ? one.value : 'keep'))
    await onChunk?.()
    if (held.count - heldBefore >= MAX_HELD) {
      heldBefore = held.count
      channel = await open()
    }
    if (decisions.includes('enough')) return false
    if (decisions.includes('next')) return true
  }
  return true
}

/** @returns whether a copy replaced the message */
async function renew(channel: Channel, queue: QueueName, message: ConsumeMessage, publish: Publish): Promise<boolean> {
  const { headers, messageId, correlationId, timestamp, contentType } = message.properties
  const { 'x-delivery-count': deliveries, ...kept } = headers ?? {}
  if (Number(deliveries ?? 0) < RENEW_AFTER) return false
  await publish(deadQueueOf(queue), message.content, { headers: kept, messageId, correlationId, timestamp, contentType })
  channel.ack(message)
  return true
}

/** Publishes confirmed and mandatory; any other result throws. */
async function publisherOn(connection: ChannelModel): Promise<Publish> {
  const channel: ConfirmChannel = await connection.createConfirmChannel()
  // A message comes back only when its queue does not exist, before it is confirmed.
  const missing = new Set<string>()
  channel.on('return', ({ fields }: { fields: { routingKey: string } }) => missing.add(fields.routingKey))
  // Expected: the confirm of the message fails with it.
  channel.on('error', () => undefined)
  return async (queue, body, properties) => {
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
    if (missing.has(queue))
      throw new Refused('setup', `Queue ${queue} does not exist; ${STAYS} Start a worker or run ./scripts/setup, then try again.`)
  }
}
