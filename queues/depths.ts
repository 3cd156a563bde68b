import type { Channel } from 'amqplib'
import type { Log } from '../backend/base/log'
import { closeChannel, within } from './connection'
import { Link } from './link'
import { deadQueueOf, QUEUES, type QueueName } from './names'

/** Messages and consumers of a queue. */
export interface Depth {
  /** Messages nobody has taken yet. */
  ready: number
  consumers: number
  /** Messages on its dead-letter queue, without those a command is visiting now. */
  dead: number
}

export interface Depths {
  /** Every queue that exists; undefined while the broker is unreachable or does not answer. */
  read(): Promise<Map<QueueName, Depth> | undefined>
  close(): Promise<void>
}

const ANSWER_MS = 3_000

/** Reads the depths of all queues, on a connection of its own that reconnects by itself; it connects at the first read. */
export function openDepths(options: { url: string; name: string; log: Log }): Depths {
  let channel: Channel | undefined
  const link = new Link({
    ...options,
    async setUp(connection) {
      take(await connection.createChannel())
    },
  })

  function take(opened: Channel): void {
    // Expected: a missing queue closes the channel; checkQueue rejects with it.
    opened.on('error', () => undefined)
    opened.once('close', () => {
      if (channel === opened) channel = undefined
    })
    channel = opened
  }

  async function open(): Promise<Channel | undefined> {
    if (!channel && link.connection) take(await link.connection.createChannel())
    return channel
  }

  async function messages(queue: string): Promise<{ messageCount: number; consumerCount: number } | undefined> {
    const asked = await open()
    if (!asked) throw new Error('RabbitMQ is unreachable')
    try {
      return await within(ANSWER_MS, `checking queue ${queue}`, asked.checkQueue(queue))
    } catch (error) {
      if ((error as { code?: number }).code !== 404) throw error
      // The next check opens another channel.
      channel = undefined
      return undefined
    }
  }

  return {
    async read() {
      link.open()
      // Waits for the first connection and for one that was just lost, not for a broker that is known to be unreachable.
      if (!link.connection && !link.lastError) await link.change(ANSWER_MS)
      try {
        const found = new Map<QueueName, Depth>()
        for (const queue of QUEUES) {
          const own = await messages(queue)
          const dead = own && (await messages(deadQueueOf(queue)))
          if (own) found.set(queue, { ready: own.messageCount, consumers: own.consumerCount, dead: dead?.messageCount ?? 0 })
        }
        return found
      } catch (error) {
        const { message, code } = error as Error & { code?: number }
        options.log.debug(`could not read the queue depths: ${message}`)
        // An error of the broker has a code; without one it did not answer, and a new connection is needed.
        if (code === undefined) link.reset(message)
        else await closeChannel(channel)
        channel = undefined
        return undefined
      }
    },
    async close() {
      await closeChannel(channel)
      await link.close()
    },
  }
}
