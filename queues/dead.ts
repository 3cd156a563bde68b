import type { Channel, ChannelModel, ConfirmChannel, GetMessage } from 'amqplib'
import { Refused } from '../backend/engine/errors'
import type { Broker, Delivery } from './broker'
import { type DeadLetter, letterHeaders, readLetter } from './letter'
import { closeChannel, connectOnce, within } from './link'
import { deadQueueOf, isQueue, QUEUES, type QueueName } from './names'

export type { DeadLetter } from './letter'

/**
 * Puts a delivery on its dead-letter queue with the reason; its message id is kept.
 * @returns true once the broker has confirmed it; only then may the delivery be acked
 */
export async function bury(broker: Broker, delivery: Pick<Delivery, 'queue' | 'body' | 'messageId'>, reason: string): Promise<boolean> {
  const { queue, body, messageId } = delivery
  const [sent] = await broker.publish([{ queue: deadQueueOf(queue), body, messageId, headers: letterHeaders(queue, reason) }])
  return sent === 'confirmed'
}

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
/** Bytes of each body in a list. */
const PREVIEW = 4096

export interface DeadChoice {
  queue?: string
  id?: string
  all?: boolean
}

/**
 * Dead letters, oldest first.
 * @param queue only those meant for it; absent: of every queue
 * @param limit how many at most, of all queues together
 * @throws {Refused} `input` for an unknown queue, `setup` when the broker cannot be reached
 */
export async function listDead(url: string, queue?: string, limit = 100): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  await visit(url, queue, async (letter) => {
    letters.push({ ...letter, body: Buffer.from(letter.body.subarray(0, PREVIEW)) })
    return 'keep'
  })
  return letters.sort((a, b) => (a.at?.getTime() ?? 0) - (b.at?.getTime() ?? 0)).slice(0, limit)
}

/**
 * One dead letter with its whole body.
 * @throws {Refused} `missing` when no dead letter has this id
 */
export async function showDead(url: string, id: string): Promise<DeadLetter> {
  let found: DeadLetter | undefined
  await visit(url, undefined, async (letter) => {
    if (letter.id === id) found = letter
    return found ? 'enough' : 'keep'
  })
  if (!found) throw absent(id)
  return found
}

/**
 * Publishes dead letters to the queues they were meant for and takes them off the dead-letter queue, each only after
 * its confirm: a crash in between leaves one on both.
 * @returns how many were replayed
 * @throws {Refused} `input` when nothing was chosen, `missing` for an unknown id, `setup` when the broker does not take them
 */
export function replayDead(url: string, choice: DeadChoice): Promise<number> {
  return take(url, choice, (letter, publish) => publish(letter.queue, letter.body, { messageId: letter.messageId }))
}

/**
 * Deletes dead letters.
 * @returns how many were deleted
 * @throws {Refused} `input` when nothing was chosen, `missing` for an unknown id
 */
export function dropDead(url: string, choice: DeadChoice): Promise<number> {
  return take(url, choice, async () => undefined)
}

type Publish = (queue: string, body: Buffer, properties: object) => Promise<void>
/** `take` acks the letter, `keep` gives it back in the end, `enough` keeps it and looks no further. */
type Decision = 'take' | 'keep' | 'enough'
type Look = (letter: DeadLetter, publish: Publish) => Promise<Decision>

async function take(url: string, choice: DeadChoice, act: (letter: DeadLetter, publish: Publish) => Promise<void>): Promise<number> {
  if (!choice.all && !choice.id && !choice.queue) throw new Refused('input', 'Name an id, a queue, or say all.')
  let taken = 0
  await visit(url, choice.queue, async (letter, publish) => {
    if (choice.id && taken > 0) return 'enough'
    if (choice.id && letter.id !== choice.id) return 'keep'
    await act(letter, publish)
    taken++
    return 'take'
  })
  if (choice.id && taken === 0) throw absent(choice.id)
  return taken
}

const absent = (id: string): Refused => new Refused('missing', `No dead letter has the id ${id}; \`yarn dead list\` shows them.`, 'id')

async function visit(url: string, queue: string | undefined, look: Look): Promise<void> {
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
  try {
    return await visitMessages(channel, queue, count, look, publish)
  } finally {
    await giveBack(channel)
  }
}

/** By nack rather than by closing: since RabbitMQ 4.3 only the latter counts as a failed delivery. */
async function giveBack(channel: Channel): Promise<void> {
  try {
    channel.nackAll(true)
  } catch {
    // The channel was closed by the broker, which gave them back.
  }
  await closeChannel(channel)
}

/** Looks at as many as were there at the start: what is added meanwhile, also by a replay that failed again, waits. */
async function visitMessages(channel: Channel, queue: QueueName, count: number, look: Look, publish: Publish): Promise<boolean> {
  for (let seen = 0; seen < count; seen++) {
    const message = await channel.get(deadQueueOf(queue))
    if (!message) return true
    const decision = await look(readLetter(queue, message), publish)
    if (decision === 'take') channel.ack(message)
    else await renew(channel, queue, message, publish)
    if (decision === 'enough') return false
  }
  return true
}

async function renew(channel: Channel, queue: QueueName, message: GetMessage, publish: Publish): Promise<void> {
  const { headers, messageId, correlationId, timestamp, contentType } = message.properties
  const { 'x-delivery-count': deliveries, ...kept } = headers ?? {}
  if (Number(deliveries ?? 0) < RENEW_AFTER) return
  await publish(deadQueueOf(queue), message.content, { headers: kept, messageId, correlationId, timestamp, contentType })
  channel.ack(message)
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
      throw new Refused(
        'setup',
        `RabbitMQ did not take a message for ${queue} (${(error as Error).message}); the dead letter stays where it is.`,
      )
    }
    if (isReturned)
      throw new Refused(
        'setup',
        `Queue ${queue} is not there; start a worker or run setup, then try again. The dead letter stays where it is.`,
      )
  }
}
