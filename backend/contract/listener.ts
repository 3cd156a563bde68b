import type { QueueName } from '../../queues/names'
import type { Log } from '../base/log'

/*
 * A long-lived connection to an upstream that sends events. Exactly one process holds it, and puts each event on a queue.
 */

export interface ListenerIo {
  /** Settings of the source, by the name of their variable. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Identifies us to the upstream. */
  readonly userAgent: string
  readonly log: Log
  /** Aborted when the process stops, or when another one has taken over. */
  readonly signal: AbortSignal
  /** Resolves once the broker has the message; waits while it blocks or is unreachable. @throws {Error} when the signal is aborted first */
  publish(queue: QueueName, body: Uint8Array): Promise<void>
}

export interface Listener {
  about: string
  /** The setting that turns it on. */
  enabled: string
  /** Listens until the signal is aborted. */
  run(io: ListenerIo): Promise<void>
}
