import type { QueueName } from '../../queues/names'
import type { Log } from '../base/log'

/*
 * A long-lived connection to an upstream that tells what happens. One process of all holds it; what comes is put on a queue.
 */

export interface ListenerIo {
  /** Settings of the source, by the name of their variable. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Who we are, for the upstream. */
  readonly userAgent: string
  readonly log: Log
  /** Aborted when the process stops, or another one has taken the listener over. */
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
