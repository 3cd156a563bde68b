import { setTimeout as rest } from 'node:timers/promises'
import { bury } from '../../queues/dead'
import type { Delivery } from '../../queues/delivery'
import { messageOf } from '../base/errors'
import { logUnreachable } from '../base/log-errors'
import { isUnreachable } from '../database/passing'
import type { WorkerEngine } from './engine'
import { messageRejected } from './outcomes'

/*
 * What requests and feeds have in common as messages of producers: one that cannot be processed becomes a dead letter, and all
 * wait while the database is unreachable.
 */

/** Reason for a message that is rejected because of an internal error: released to the queue, it would fail again forever. */
export const internalError = (error: unknown): string => `Internal error; replay after the fix: ${messageOf(error)}`

/**
 * Puts a delivery on its dead-letter queue with the reason.
 * @returns whether it may be acked: false when the worker stops before the broker has confirmed it
 */
export async function reject(engine: WorkerEngine, delivery: Delivery, reason: string): Promise<boolean> {
  for (let pause = 250; !(await bury(engine.broker, delivery, reason)); pause = Math.min(pause * 2, 5000)) {
    if (engine.stopping()) return false
    await rest(pause)
  }
  messageRejected(engine.log, delivery.queue, reason)
  return true
}

/**
 * Until its row is committed a message exists only at the broker: while Postgres is unreachable it is tried again, not rejected.
 * @param what waits meanwhile, for the log: `a request waits`
 * @throws what `work` throws for any other reason
 */
export async function onceReachable<T>(engine: WorkerEngine, what: string, work: () => Promise<T>): Promise<T | 'stopping'> {
  for (let pause = 250; ; pause = Math.min(pause * 2, 5000)) {
    try {
      return await work()
    } catch (error) {
      if (!isUnreachable(error)) throw error
      if (engine.stopping()) return 'stopping'
      logUnreachable(engine.log, `The database is unreachable; ${what}`, error)
      await rest(pause)
    }
  }
}
