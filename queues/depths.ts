import type { Channel } from 'amqplib'
import type { Log } from '../backend/base/log'
import { closeChannel, within } from './connection'
import { Link } from './link'
import { deadQueueOf, QUEUES, type QueueName } from './names'

/** What lies on a queue and who takes from it. */
export interface Depth {
  /** Messages nobody has taken yet. */
  ready: number
  consumers: number
  /** Messages set aside on its dead-letter queue that nobody looks at right now. */
  dead: number
}

export interface Depths {
  /** Every queue that is there; undefined while the broker is unreachable or does not answer. */
  read(): Promise<Map<QueueName, Depth> | undefined>
  close(): Promise<void>
}

const ANSWER_MS = 3_000

/** Asks the broker about its queues, on a connection of its own that heals itself; it connects at the first question. */
export function openDepths(options: { url: string; name: string; log: Log }): Depths {
  let channel: Channel | undefined
  const link = new Link({
    ...options,
    async setUp(connection) {
      take(await connection.createChannel())
    },
  })

  function take(opened: Channel): void {
    // A missing queue closes the channel; the question tells.
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
      return await within(ANSWER_MS, `asking for ${queue}`, asked.checkQueue(queue))
    } catch (error) {
      if ((error as { code?: number }).code !== 404) throw error
      // The next question opens another channel.
      channel = undefined
      return undefined
    }
  }

  return {
    async read() {
      link.open()
      // The first connection is waited for, and what follows a loss; of a broker that is known to be away the answer is known.
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
        options.log.debug(`the queues could not be asked about: ${message}`)
        // What the broker refuses has a code; a broker that does not answer gets a new connection.
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
