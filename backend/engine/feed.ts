import type { Delivery } from '../../queues/delivery'
import { Refused } from '../base/errors'
import type { Json } from '../base/json'
import type { Feed, Reject, Written } from '../contract'
import { internalError, onceReachable, reject } from './deliveries'
import type { WorkerEngine } from './engine'
import { feedWritten } from './outcomes'
import { insertEvents, insertFeedRejects } from './store'

/** A message with its items. */
interface Read {
  delivery: Delivery
  items: unknown[]
  rejected: Reject[]
}

export interface FeedConsumer {
  onDelivery(delivery: Delivery): void
  /** Writes the messages taken so far, or releases them to the broker if the database is unreachable. */
  stop(): Promise<void>
  /** Messages that are not acknowledged yet. */
  readonly inHand: number
}

/**
 * Takes the messages of a feed, writes them in batches and acknowledges them after the commit. A message that cannot be written
 * is found by halving its batch, and becomes a dead letter; while the database is unreachable all of them wait.
 */
export function createFeedConsumer(engine: WorkerEngine, source: string, name: string, feed: Feed): FeedConsumer {
  let pending: Delivery[] = []
  let writing: Promise<void> = Promise.resolve()
  let inHand = 0
  let linger: NodeJS.Timeout | undefined

  function flush(): void {
    clearTimeout(linger)
    linger = undefined
    const deliveries = pending
    pending = []
    if (deliveries.length === 0) return
    // One batch after the other: messages are written in the order in which they came.
    writing = writing.then(async () => {
      await take(engine, source, name, feed, deliveries)
      inHand -= deliveries.length
    })
  }

  return {
    get inHand() {
      return inHand
    },
    onDelivery(delivery) {
      pending.push(delivery)
      inHand++
      if (pending.length >= feed.batch) flush()
      else linger ??= setTimeout(flush, feed.lingerMs)
    },
    async stop() {
      flush()
      await writing
    },
  }
}

async function take(engine: WorkerEngine, source: string, name: string, feed: Feed, deliveries: readonly Delivery[]): Promise<void> {
  const readable: Read[] = []
  for (const delivery of deliveries) {
    const read = readOne(feed, delivery)
    if ('refused' in read) await settle(delivery, reject(engine, delivery, read.refused))
    else readable.push(read)
  }
  await writeAll(engine, source, name, feed, readable)
}

function readOne(feed: Feed, delivery: Delivery): Read | { refused: string } {
  const { body } = delivery
  if (body.length > feed.maxBytes) return { refused: `The message has ${body.length} bytes; the limit is ${feed.maxBytes}.` }
  try {
    return { delivery, ...feed.read(JSON.parse(body.toString('utf8')) as Json) }
  } catch (error) {
    if (error instanceof SyntaxError) return { refused: `The message is not JSON: ${error.message.slice(0, 200)}.` }
    if (error instanceof Refused) return { refused: error.message }
    return { refused: internalError(error) }
  }
}

async function writeAll(engine: WorkerEngine, source: string, name: string, feed: Feed, messages: readonly Read[]): Promise<void> {
  if (messages.length === 0) return
  let written: Written | 'stopping'
  try {
    written = await onceReachable(engine, 'messages wait', () => writeOnce(engine, source, name, feed, messages))
  } catch (error) {
    // The database refused the batch: at least one of its messages is invalid.
    if (messages.length === 1 && messages[0])
      return await settle(messages[0].delivery, reject(engine, messages[0].delivery, internalError(error)))
    const half = Math.ceil(messages.length / 2)
    await writeAll(engine, source, name, feed, messages.slice(0, half))
    return await writeAll(engine, source, name, feed, messages.slice(half))
  }
  if (written !== 'stopping') {
    const rejected = messages.reduce((sum, one) => sum + one.rejected.length, 0)
    feedWritten(engine.log, { source, stream: name }, { ...written, messages: messages.length, rejected })
    engine.reached('before ack')
  }
  for (const { delivery } of messages) await settle(delivery, written !== 'stopping')
}

async function writeOnce(engine: WorkerEngine, source: string, name: string, feed: Feed, messages: readonly Read[]): Promise<Written> {
  const items = messages.flatMap((one) => one.items)
  const rejected = messages.flatMap((one) => one.rejected)
  const written = await engine.db.tx(async (tx) => {
    const done = await feed.write(tx, items)
    await insertFeedRejects(tx, { source, stream: name }, rejected)
    await insertEvents(tx, done.events ?? [])
    return done
  })
  engine.reached('after commit')
  return written
}

/** Acknowledges a delivery that was stored or rejected; others are released to the broker. */
async function settle(delivery: Delivery, isDone: boolean | Promise<boolean>): Promise<void> {
  if (await isDone) delivery.ack()
  else delivery.release()
}
