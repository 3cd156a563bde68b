import { setMaxListeners } from 'node:events'
import type { Broker, Subscription } from '../../queues/broker'
import type { Delivery } from '../../queues/delivery'
import { readMessage } from '../../queues/messages'
import type { QueueName } from '../../queues/names'
import { count } from '../base/count'
import { flush } from '../base/flush-counts'
import type { Log } from '../base/log'
import { logUnexpected, logUnreachable } from '../base/log-errors'
import { watchLoop } from '../base/loop-lag'
import { type Feed, type HttpFactory, loadParts, type SettingsReader, type Source, sourcesOn } from '../contract'
import type { Db } from '../database/db'
import { isUnreachable } from '../database/passing'
import { readTraceparent, span } from '../tracing'
import type { Point, WorkerEngine } from './engine'
import { createFeedConsumer, type FeedConsumer } from './feed'
import { type Holding, heartbeat, signOff, signOn } from './heartbeat'
import { flushSpans } from './job-spans'
import { takeIn } from './jobs/intake'
import { logWorkerReady, logWorkerStopping } from './log'
import { lookupOn } from './lookups/kinds'
import { lookupTurn } from './lookups/turn'
import { turn } from './turn'

export interface WorkerOptions {
  /** From `newWorkerId`; what the worker holds, also at the gates, is released under this id. */
  id: string
  /** PM2 app: `worker-backfill`. */
  app: string
  /** What was deployed, for people. */
  version?: string
  queues: readonly QueueName[]
  /** The most deliveries at once, over all its queues. */
  concurrency: number
  sources: readonly Source[]
  db: Db
  /** A connection of its own, so that a busy pool never delays the heartbeat. */
  heartbeatDb: Db
  broker: Broker
  http: HttpFactory
  log: Log
  turnMs: number
  /** Reads the settings of a source; by default no variable is set. */
  settings?: SettingsReader
  /** Tries in a row without a committed page before a task fails (default 10). */
  attempts?: number
  /** How long a stop waits for the current pages before it aborts them, ms. */
  graceMs?: number
  reached?: (point: Point) => void
}

export interface Worker {
  readonly id: string
  start(): Promise<void>
  /** Finishes its pages or aborts them after the grace period, releases its tasks without using an attempt, and stops. */
  stop(): Promise<void>
}

const HEARTBEAT_MS = 5000

/** Consumes some queues and runs a turn for each delivery. */
export function createWorker(options: WorkerOptions): Worker {
  const { id, app, version = '', queues, concurrency, db, heartbeatDb, broker, log, sources } = options
  const me = { id, app, version, queues, concurrency }
  const abort = new AbortController()
  // Every request in flight adds a listener; that is no leak.
  setMaxListeners(0, abort.signal)
  let stopping = false
  const engine: WorkerEngine = {
    db,
    broker,
    sources,
    log,
    http: options.http,
    id,
    turnMs: options.turnMs,
    settings: options.settings,
    attempts: options.attempts ?? 10,
    stopping: () => stopping,
    signal: abort.signal,
    reached: options.reached ?? (() => undefined),
  }
  const holding: Holding = { tasks: new Set(), lookups: new Set() }
  const inHand = new Set<Promise<void>>()
  const subscriptions: Subscription[] = []
  const feeds: FeedConsumer[] = []
  let heartbeats: NodeJS.Timeout | undefined
  const lagMs = watchLoop()

  const onHeartbeat = () => {
    heartbeat(heartbeatDb, me, holding, lagMs())
      .then(() => flush(heartbeatDb))
      .then(() => flushSpans(heartbeatDb))
      .catch((error: unknown) => logUnreachable(log, 'Could not send the heartbeat', error))
  }
  const onDelivery = (delivery: Delivery) => {
    count('backhaul_turns_total', { queue: delivery.queue })
    const parent = readTraceparent(delivery.headers.traceparent) ?? null
    const turn = () => handle(engine, delivery, holding)
    const work = span(`turn ${delivery.queue}`, { 'backhaul.worker': id, 'backhaul.queue': delivery.queue }, turn, {
      parent,
      kind: 'consumer',
    })
      .then((done) => {
        engine.reached('before ack')
        if (done) delivery.ack()
        else delivery.release()
      })
      .catch((error: unknown) => {
        // The task's row has everything: a failed turn is woken again, so its delivery is dropped.
        delivery.ack()
        if (isUnreachable(error)) logUnreachable(log, 'The database is unreachable', error)
        else logUnexpected(log, `A turn on ${delivery.queue} failed`, error)
      })
      .finally(() => inHand.delete(work))
    inHand.add(work)
  }

  /** A feed takes as many deliveries as it writes at once; any other queue as many as the worker processes at once. */
  function consume(queue: QueueName): Promise<Subscription> {
    const found = feedOf(sources, queue)
    if (!found) return broker.consume(queue, concurrency, onDelivery)
    const feed = createFeedConsumer(engine, found.source.name, found.name, found.feed)
    feeds.push(feed)
    return broker.consume(queue, 2 * found.feed.batch, feed.onDelivery)
  }

  return {
    id,
    async start() {
      for (const queue of queues) loadParts(sourcesOn(sources, queue))
      await signOn(heartbeatDb, me)
      for (const queue of queues) subscriptions.push(await consume(queue))
      heartbeats = setInterval(onHeartbeat, HEARTBEAT_MS)
      logWorkerReady(log, app, id, queues)
    },
    async stop() {
      if (stopping) return
      stopping = true
      logWorkerStopping(
        log,
        app,
        feeds.reduce((sum, feed) => sum + feed.inHand, inHand.size),
      )
      await Promise.all(subscriptions.map((subscription) => subscription.stop()))
      const grace = setTimeout(() => abort.abort(new Error('the worker stops')), options.graceMs ?? 20_000)
      await Promise.all([...inHand, ...feeds.map((feed) => feed.stop())])
      clearTimeout(grace)
      clearInterval(heartbeats)
      await flush(heartbeatDb)
        .then(() => flushSpans(heartbeatDb))
        .catch((error: unknown) => logUnreachable(log, 'Could not save the last counts', error))
      await signOff(heartbeatDb, id).catch((error: unknown) =>
        logUnreachable(log, 'Could not sign off; another process will release what this worker held', error),
      )
    },
  }
}

/** Processes one delivery. @returns whether it may be acked; false leaves it to the broker */
async function handle(engine: WorkerEngine, delivery: Delivery, holding: Holding): Promise<boolean> {
  const { queue } = delivery
  const message = readMessage(delivery)
  if (message.type === 'wake-up') {
    await turn(engine, BigInt(message.taskId), queue, holding.tasks)
    return true
  }
  const lookup = lookupOn(engine.sources, queue)
  if (message.type === 'lookups' && message.kind !== undefined && lookup) {
    await lookupTurn(engine, lookup.source, lookup.kind, lookup.definition, message.ids, holding.lookups)
    return true
  }
  return await takeIn(engine, delivery, message)
}

function feedOf(sources: readonly Source[], queue: QueueName): { source: Source; name: string; feed: Feed } | undefined {
  for (const source of sourcesOn(sources, queue)) {
    for (const [name, feed] of Object.entries(source.feeds ?? {})) if (feed.queue === queue) return { source, name, feed }
  }
  return undefined
}
