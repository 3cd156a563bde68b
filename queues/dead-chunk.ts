import { setTimeout as pause } from 'node:timers/promises'
import type { Channel, ConsumeMessage } from 'amqplib'

/*
 * Takes messages off a queue in chunks, for a visit. A get for each message would cost a round trip each; a consumer with a prefetch of
 * the chunk's size is sent exactly so many, so memory stays bounded however many wait.
 */

/** How long after the last message the broker is asked whether more are there, ms. */
const QUIET_MS = 50
/** A broker that has messages and sends none for so long is given up, ms. */
const STUCK_MS = 30_000

/**
 * Up to `most` messages without an ack, in their order; fewer when the queue has no more.
 * @throws when the broker has more and sends none
 */
export async function takeChunk(channel: Channel, queue: string, most: number): Promise<ConsumeMessage[]> {
  const found: ConsumeMessage[] = []
  let isOver = false
  let movedAt = performance.now()
  let full: () => void = () => undefined
  const filled = new Promise<void>((resolve) => {
    full = resolve
  })
  // It counts for each consumer by itself: what earlier chunks hold does not count.
  await channel.prefetch(most)
  const { consumerTag } = await channel.consume(queue, (message) => {
    if (message) found.push(message)
    else isOver = true
    movedAt = performance.now()
    if (isOver || found.length >= most) full()
  })
  while (found.length < most && !isOver) {
    await Promise.race([filled, pause(QUIET_MS)])
    if (found.length >= most || isOver || performance.now() - movedAt < QUIET_MS) continue
    if ((await channel.checkQueue(queue)).messageCount === 0) break
    if (performance.now() - movedAt > STUCK_MS) throw new Error(`RabbitMQ has messages on ${queue} and sends none`)
  }
  if (!isOver) await channel.cancel(consumerTag)
  return found
}
