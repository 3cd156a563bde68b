import { setTimeout as rest } from 'node:timers/promises'
import type { Broker } from '../../queues/broker'
import type { Log } from '../base/log'
import { logUnexpected, logUnreachable } from '../base/log-errors'
import { watchLoop } from '../base/loop-lag'
import type { Listener, ListenerIo } from '../contract'
import type { Db } from '../database/db'
import { isUnreachable } from '../database/passing'
import { heartbeat, signOff, signOn } from './heartbeat'
import { releaseLease, takeLease } from './lease'
import { logWorkerReady, logWorkerStopping } from './log'

export interface ListenOptions {
  /** From `newWorkerId`. */
  id: string
  /** PM2 app: `worker-tf2-live`. */
  app: string
  /** What was deployed, for people. */
  version?: string
  listener: Listener
  settings: ListenerIo['settings']
  userAgent: string
  db: Db
  broker: Broker
  log: Log
  /** How often the lease is renewed, ms (5,000 by default); it lasts three times as long. */
  renewMs?: number
}

export interface ListenerProcess {
  start(): Promise<void>
  stop(): Promise<void>
}

/**
 * Runs a listener while this process holds its lease: exactly one process of all hosts listens, and another takes over when it dies.
 * A process that cannot renew its lease stops listening before the lease expires.
 */
export function createListenerProcess(options: ListenOptions): ListenerProcess {
  const { id, app, version = '', listener, settings, userAgent, db, broker, log, renewMs = 5000 } = options
  const me = { id, app, version, queues: [], concurrency: 0 }
  const stop = new AbortController()
  const lagMs = watchLoop()
  let listening: { abort: AbortController; ended: Promise<void> } | undefined
  let loop: Promise<void> = Promise.resolve()

  const publish =
    (signal: AbortSignal): ListenerIo['publish'] =>
    async (queue, body) => {
      for (let pause = 100; ; pause = Math.min(pause * 2, 5000)) {
        signal.throwIfAborted()
        const [sent] = await broker.publish([{ queue, body: Buffer.from(body) }])
        if (sent === 'confirmed') return
        await rest(pause, undefined, { signal })
      }
    }

  function begin(): void {
    const abort = new AbortController()
    const io: ListenerIo = { settings, userAgent, log, signal: abort.signal, publish: publish(abort.signal) }
    const ended = listener
      .run(io)
      .catch((error: unknown) => logUnexpected(log, `${app} stopped listening`, error))
      .finally(() => {
        if (listening?.abort === abort) listening = undefined
      })
    listening = { abort, ended }
  }

  async function end(): Promise<void> {
    const now = listening
    now?.abort.abort(new Error('another process listens, or this one stops'))
    await now?.ended
  }

  async function keepLease(): Promise<void> {
    let renewed = Date.now()
    while (!stop.signal.aborted) {
      try {
        await heartbeat(db, me, { tasks: new Set(), lookups: new Set() }, lagMs())
        const isMine = await takeLease(db, `listener ${app}`, id, 3 * renewMs)
        renewed = Date.now()
        if (isMine && !listening) begin()
        if (!isMine) await end()
      } catch (error) {
        if (!isUnreachable(error)) throw error
        logUnreachable(log, 'the lease cannot be renewed', error)
        if (Date.now() - renewed > 2 * renewMs) await end()
      }
      // A stop ends the rest early.
      await rest(renewMs, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  }

  return {
    async start() {
      await signOn(db, me)
      loop = keepLease().catch((error: unknown) => logUnexpected(log, `${app} lost its lease`, error))
      logWorkerReady(log, app, id, [])
    },
    async stop() {
      logWorkerStopping(log, app, listening ? 1 : 0)
      stop.abort()
      await loop
      await end()
      const leave = async () => {
        await releaseLease(db, `listener ${app}`, id)
        await signOff(db, id)
      }
      await leave().catch((error: unknown) => logUnreachable(log, 'could not sign off', error))
    },
  }
}
