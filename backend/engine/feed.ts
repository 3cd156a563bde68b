import { setTimeout as rest } from 'node:timers/promises'
import { bury } from '../../queues/dead'
import type { Delivery } from '../../queues/delivery'
import { messageOf, Refused } from '../base/errors'
import type { Json } from '../base/json'
import { logUnreachable } from '../base/log-errors'
import type { Feed, Reject } from '../contract'
import { isUnreachable } from '../database/db'
import type { WorkerEngine } from './engine'
import { feedWritten, messageRejected } from './outcomes'
import { insertEvents, insertFeedRejects } from './store'

/** A message with what it holds. */
interface Read {
  delivery: Delivery
  items: unknown[]
  rejected: Reject[]
}

export interface FeedConsumer {
  onDelivery(delivery: Delivery): void
  /** Writes what is in hand, or releases it to the broker where the database cannot be reached. */
  stop(): Promise<void>
  /** Messages in hand. */
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
    if ('refused' in read) await reject(engine, delivery, read.refused)
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
    return { refused: `Internal error; replay after the fix: ${messageOf(error)}` }
  }
}

async function writeAll(engine: WorkerEngine, source: string, name: string, feed: Feed, messages: readonly Read[]): Promise<void> {
  if (messages.length === 0) return
  const failed = await writeOnce(engine, source, name, feed, messages)
  if (failed === 'stopping') {
    for (const { delivery } of messages) delivery.release()
  } else if (failed === undefined) {
    engine.reached('before ack')
    for (const { delivery } of messages) delivery.ack()
  } else if (messages.length === 1 && messages[0]) {
    await reject(engine, messages[0].delivery, `Internal error; replay after the fix: ${messageOf(failed.error)}`)
  } else {
    const half = Math.ceil(messages.length / 2)
    await writeAll(engine, source, name, feed, messages.slice(0, half))
    await writeAll(engine, source, name, feed, messages.slice(half))
  }
}

/** @returns what went wrong with these messages; undefined when they are committed */
async function writeOnce(
  engine: WorkerEngine,
  source: string,
  name: string,
  feed: Feed,
  messages: readonly Read[],
): Promise<{ error: unknown } | 'stopping' | undefined> {
  const rejected = messages.flatMap((one) => one.rejected)
  for (let pause = 250; ; pause = Math.min(pause * 2, 5000)) {
    try {
      const written = await engine.db.tx(async (tx) => {
        const done = await feed.write(
          tx,
          messages.flatMap((one) => one.items),
        )
        await insertFeedRejects(tx, { source, stream: name }, rejected)
        await insertEvents(tx, done.events ?? [])
        return done
      })
      engine.reached('after commit')
      feedWritten(engine.log, { source, stream: name }, { ...written, messages: messages.length, rejected: rejected.length })
      return undefined
    } catch (error) {
      if (!isUnreachable(error)) return { error }
      if (engine.stopping()) return 'stopping'
      logUnreachable(engine.log, 'the database is unreachable, messages wait', error)
      await rest(pause)
    }
  }
}

/** A message that nobody can take goes to the dead letters; it is released where the worker stops before the broker has confirmed that. */
async function reject(engine: WorkerEngine, delivery: Delivery, reason: string): Promise<void> {
  for (let pause = 250; !(await bury(engine.broker, delivery, reason)); pause = Math.min(pause * 2, 5000)) {
    if (engine.stopping()) return delivery.release()
    await rest(pause)
  }
  messageRejected(engine.log, delivery.queue, reason)
  delivery.ack()
}
