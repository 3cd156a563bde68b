import { setMaxListeners } from 'node:events'
import { setTimeout as rest } from 'node:timers/promises'
import type { Broker, Subscription } from '../../queues/broker'
import { bury } from '../../queues/dead'
import type { Delivery } from '../../queues/delivery'
import { readMessage } from '../../queues/messages'
import type { QueueName } from '../../queues/names'
import { count } from '../base/count'
import { messageOf, Refused } from '../base/errors'
import { flush } from '../base/flush-counts'
import type { Log } from '../base/log'
import { logUnexpected, logUnreachable } from '../base/log-errors'
import { watchLoop } from '../base/loop-lag'
import type { HttpFactory, SettingsReader, Source } from '../contract'
import { type Db, isUnreachable } from '../database/db'
import { readTraceparent, span } from '../tracing'
import type { Point, WorkerEngine } from './engine'
import { type Holding, heartbeat, signOff, signOn } from './heartbeat'
import { parseRequest, start as startJob } from './jobs/verbs'
import { logWorkerReady, logWorkerStopping } from './log'
import { requireIds } from './lookups/ids'
import { ask } from './lookups/store'
import { lookupTurn } from './lookups/turn'
import { wakeLookups } from './lookups/wake'
import { messageRejected } from './outcomes'
import { turn } from './turn'
import { wake } from './wake'

export interface WorkerOptions {
  /** Of `newWorkerId`; what it holds, here and at the gates, is freed by it. */
  id: string
  /** PM2 app: `worker-backfill`. */
  app: string
  queues: readonly QueueName[]
  /** Deliveries in hand at once, over all its queues. */
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
  /** Tries in a row without a committed page before a task is given up (default 10). */
  attempts?: number
  /** How long a stop waits for the pages in hand before it aborts them, ms. */
  graceMs?: number
  reached?: (point: Point) => void
}

export interface Worker {
  readonly id: string
  start(): Promise<void>
  /** Finishes or, after the grace, aborts the pages in hand, hands tasks back without using an attempt, and leaves. */
  stop(): Promise<void>
}

const BEAT_MS = 5000

/** A process that takes deliveries of some queues and does turns. */
export function createWorker(options: WorkerOptions): Worker {
  const { id, app, queues, concurrency, db, heartbeatDb, broker, log, sources } = options
  const abort = new AbortController()
  // Every request in flight listens, and there is no leak to be warned of.
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
  let beating: NodeJS.Timeout | undefined
  const lagMs = watchLoop()

  const onHeartbeat = () => {
    heartbeat(heartbeatDb, { id, app, queues, concurrency }, holding, lagMs())
      .then(() => flush(heartbeatDb))
      .catch((error: unknown) => logUnreachable(log, 'no heartbeat', error))
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
        // The row says everything: the wake-up of a failed turn is sent again, so the delivery is dropped.
        delivery.ack()
        if (isUnreachable(error)) logUnreachable(log, 'the database is unreachable', error)
        else logUnexpected(log, `a turn on ${delivery.queue} broke`, error)
      })
      .finally(() => inHand.delete(work))
    inHand.add(work)
  }

  return {
    id,
    async start() {
      await signOn(heartbeatDb, { id, app, queues, concurrency })
      for (const queue of queues) subscriptions.push(await broker.consume(queue, concurrency, onDelivery))
      beating = setInterval(onHeartbeat, BEAT_MS)
      logWorkerReady(log, app, id, queues)
    },
    async stop() {
      if (stopping) return
      stopping = true
      logWorkerStopping(log, app, inHand.size)
      await Promise.all(subscriptions.map((subscription) => subscription.stop()))
      const grace = setTimeout(() => abort.abort(new Error('the worker stops')), options.graceMs ?? 20_000)
      await Promise.all(inHand)
      clearTimeout(grace)
      clearInterval(beating)
      await flush(heartbeatDb).catch((error: unknown) => logUnreachable(log, 'the last counts are lost', error))
      await signOff(heartbeatDb, id).catch((error: unknown) => logUnreachable(log, 'could not sign off', error))
    },
  }
}

/** What one delivery asks for. @returns whether it may be acked; false leaves it to the broker */
async function handle(engine: WorkerEngine, delivery: Delivery, holding: Holding): Promise<boolean> {
  const { queue } = delivery
  const message = readMessage(delivery)
  if (message.type === 'wake-up') {
    await turn(engine, BigInt(message.taskId), queue, holding.tasks)
    return true
  }
  const lookup = lookupOf(engine.sources, queue)
  if (message.type === 'lookups' && message.kind !== undefined && lookup) {
    await lookupTurn(engine, lookup.source, lookup.kind, lookup.definition, message.ids, holding.lookups)
    return true
  }
  const taken: Taken =
    message.type === 'unreadable' ? { refused: message.reason } : await take(engine, queue, message, lookup, delivery.headers.traceparent)
  return taken === 'taken' || (taken !== 'stopping' && (await setAside(engine, delivery, taken.refused)))
}

/** What became of somebody's request. */
type Taken = 'taken' | 'stopping' | { refused: string }
type Raw = Exclude<ReturnType<typeof readMessage>, { type: 'wake-up' | 'unreadable' }>
type LookupOf = ReturnType<typeof lookupOf>

/** Takes raw ids or a raw request: into the database, or rejected with the reason. */
async function take(engine: WorkerEngine, queue: QueueName, message: Raw, lookup: LookupOf, trace: unknown): Promise<Taken> {
  try {
    return message.type === 'lookups'
      ? await takeIds(engine, queue, message.ids, lookup)
      : await takeRequest(engine, queue, message, readTraceparent(trace))
  } catch (error) {
    if (isUnreachable(error)) throw error
    if (error instanceof Refused) return { refused: error.message }
    // Rejected rather than given back: a fault of ours would make it come again for ever.
    return { refused: `a fault of ours, replay it once it is mended: ${messageOf(error)}` }
  }
}

async function takeIds(engine: WorkerEngine, queue: QueueName, ids: readonly string[], lookup: LookupOf): Promise<Taken> {
  if (!lookup) throw new Refused('input', `${queue} takes no {ids}; send {"ids": [...]} to a queue that looks ids up`)
  const { kind, definition } = lookup
  const wanted = requireIds(definition.id, ids)
  const asked = await untilThere(engine, () => engine.db.tx((tx) => ask(tx, { [kind]: wanted }, { priority: 1, force: true })))
  if (asked === 'stopping') return 'stopping'
  await wakeLookups(engine.db, engine.broker, kind, definition)
  return 'taken'
}

async function takeRequest(
  engine: WorkerEngine,
  queue: QueueName,
  message: Extract<Raw, { type: 'request' }>,
  trace: string | undefined,
): Promise<Taken> {
  const source = engine.sources.find((one) => one.requests[queue])
  if (!source) throw new Refused('input', `nothing takes requests on ${queue}`)
  const params = parseRequest(source, queue, message.body)
  const inbox = message.messageId === undefined ? undefined : { queue, messageId: message.messageId, bodyHash: message.bodyHash }
  const priority = source.priorities?.[queue]
  const started = await untilThere(engine, () => startJob(engine, source, params, { inbox, priority, trace }))
  if (started === 'stopping') return 'stopping'
  await wake(engine.db, engine.broker, queue)
  return 'taken'
}

/** @returns false when the worker stops before the broker has confirmed it */
async function setAside(engine: WorkerEngine, delivery: Delivery, reason: string): Promise<boolean> {
  for (let pause = 250; !(await bury(engine.broker, delivery, reason)); pause = Math.min(pause * 2, 5000)) {
    if (engine.stopping()) return false
    await rest(pause)
  }
  messageRejected(engine.log, delivery.queue, reason)
  return true
}

/** A raw request is its producer's until a row says otherwise: while the database is unreachable it is tried again, not dropped. */
async function untilThere<T>(engine: WorkerEngine, work: () => Promise<T>): Promise<T | 'stopping'> {
  for (let pause = 250; ; pause = Math.min(pause * 2, 5000)) {
    try {
      return await work()
    } catch (error) {
      if (!isUnreachable(error)) throw error
      if (engine.stopping()) return 'stopping'
      logUnreachable(engine.log, 'the database is unreachable, a request waits', error)
      await rest(pause)
    }
  }
}

function lookupOf(sources: readonly Source[], queue: QueueName) {
  for (const source of sources) {
    for (const [kind, definition] of Object.entries(source.lookups ?? {}))
      if (definition.queue === queue) return { source, kind, definition }
  }
  return undefined
}
