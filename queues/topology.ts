import type { Channel, ChannelModel } from 'amqplib'
import { connectOnce, within } from './connection'
import { deadQueueOf, EVENTS_EXCHANGE, QUEUES } from './names'
import { declareRefusal } from './refusal'

/*
 * What the broker must hold, as one table. Every process declares it the same way: the arguments of a queue cannot be changed later, and
 * a different declaration is refused with 406.
 */

export interface QueueDeclaration {
  name: string
  arguments: Record<string, string>
}

/**
 * Every queue and its dead-letter queue. Its arguments are the type and the dead-letter address only; limits
 * belong in policies, which an operator can change. The dead-letter address catches what a delivery limit
 * (20 by default since RabbitMQ 4.0) would drop.
 */
export const TOPOLOGY: readonly QueueDeclaration[] = QUEUES.flatMap((queue): QueueDeclaration[] => [
  { name: deadQueueOf(queue), arguments: { 'x-queue-type': 'quorum' } },
  {
    name: queue,
    arguments: { 'x-queue-type': 'quorum', 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': deadQueueOf(queue) },
  },
])

/** A quorum queue without a leader never answers; the time limit makes an error that names it. */
const DECLARE_MS = 15_000

/**
 * Declares the topology; declaring it again changes nothing.
 * @throws {Refused} `setup` when something of the same name exists with other arguments, or may not be declared
 */
export async function declareTopology(channel: Channel): Promise<void> {
  for (const queue of TOPOLOGY) {
    const declared = channel.assertQueue(queue.name, { durable: true, arguments: queue.arguments })
    await within(DECLARE_MS, `declaring queue "${queue.name}"`, declared).catch((error: Error) => {
      throw declareRefusal(error, `Queue "${queue.name}"`, `rabbitmqctl delete_queue ${queue.name}`)
    })
  }
  await channel.assertExchange(EVENTS_EXCHANGE, 'topic', { durable: true }).catch((error: Error) => {
    throw declareRefusal(error, `Exchange "${EVENTS_EXCHANGE}"`, 'management page, Exchanges, Delete')
  })
}

/**
 * Declares the topology over a connection of its own.
 * @throws {Refused} `setup` when the broker cannot be reached, refuses, or holds a different declaration
 */
export async function declareTopologyAt(url: string): Promise<void> {
  const connection = await connectOnce(url, 'topology')
  try {
    await within(30_000, 'declaring the queues', declareOn(connection))
  } finally {
    await connection.close()
  }
}

/** Declares the topology on a channel of its own, because a refusal closes the channel. */
export async function declareOn(connection: ChannelModel): Promise<void> {
  const channel = await connection.createChannel()
  // Expected: declareTopology rejects with the refusal.
  channel.on('error', () => undefined)
  await declareTopology(channel)
  await channel.close()
}
