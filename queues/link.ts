import type { ChannelModel } from 'amqplib'
import { Refused } from '../backend/base/errors'
import type { Log } from '../backend/base/log'
import { withoutRepeats } from '../backend/base/log-errors'
import { destroy, dial, within } from './connection'
import { isSettled, refusal } from './refusal'

/*
 * One connection that reconnects by itself. amqplib has a recovery of its own, but it restores only the connection: a channel that the
 * broker closed and a consumer that it cancelled stay lost without an event. This file keeps the connection, publisher.ts and
 * subscriber.ts their channels and consumers; each level can ask the one below for a new one.
 */

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000
/**
 * How long a queue that was deleted stays unreachable before it is declared again, ms. RabbitMQ 3.10 takes some 50 ms to tell
 * the consumers of a deleted quorum queue; declared again sooner, it loses them without telling.
 */
export const SETTLE_MS = 500

/** The pause before try `attempt` (from 0): it doubles from 0.1 s to 5 s, less a random part of up to half. */
export const pauseMs = (attempt: number, random = Math.random()): number =>
  Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 10)) * (0.5 + random / 2)

export interface LinkOptions {
  url: string
  name: string
  log: Log
  /** Makes the channels of a new connection; when it throws, the connection is closed and made again. */
  setUp(connection: ChannelModel): Promise<void>
}

export class Link {
  /** Set while the connection and its channels are open. */
  connection?: ChannelModel
  /** The broker is short of memory or disk and accepts no messages. */
  blocked = false
  lastError?: Error
  private closed = false
  private running?: Promise<void>
  private waiting = new Set<() => void>()
  private wake = (): void => undefined

  private readonly log: Log

  constructor(private readonly options: LinkOptions) {
    this.log = withoutRepeats(options.log)
  }

  get isOpen(): boolean {
    return this.running !== undefined
  }

  /** Starts connecting, once. */
  open(): this {
    this.running ??= this.run()
    return this
  }

  /**
   * Waits until the connection is open, at most `timeoutMs`.
   * @throws {Refused} `setup` at once for credentials, vhost or topology, otherwise after the timeout
   */
  async up(timeoutMs: number): Promise<void> {
    const end = performance.now() + timeoutMs
    while (!this.connection) {
      if (this.closed) throw new Refused('setup', 'The connection to RabbitMQ is closed.')
      if (this.lastError && isSettled(this.lastError)) throw this.lastError
      const left = end - performance.now()
      if (left <= 0) throw refusal(this.lastError ?? new Error(`no answer within ${timeoutMs} ms`), this.options.url)
      await this.change(left)
    }
  }

  /** Waits for the next change of state, at most `ms`. */
  change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.waiting.delete(done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.waiting.add(done)
    })
  }

  /** Drops a connection that no longer answers; the next one is made at once. */
  reset(reason: string): void {
    const connection = this.connection
    if (!connection) return
    this.log.warn('Closing a RabbitMQ connection that does not answer', { name: this.options.name, reason })
    destroy(connection, reason)
  }

  async close(): Promise<void> {
    this.closed = true
    this.wake()
    this.notify()
    const connection = this.connection
    if (connection) {
      await within(2_000, 'closing', connection.close()).catch((error: Error) => destroy(connection, error.message))
    }
    // Expected: a connection attempt still under way ends by itself, within its own time limits.
    await within(2_500, 'closing', this.running ?? Promise.resolve()).catch(() => undefined)
  }

  /** Wakes everyone who waits for a change. */
  notify(): void {
    for (const done of [...this.waiting]) done()
  }

  private async run(): Promise<void> {
    for (let attempt = 0; !this.closed; attempt++) {
      const before = performance.now()
      try {
        await this.once()
      } catch (error) {
        this.failed(error as Error)
      }
      this.notify()
      if (performance.now() - before > 2 * LONGEST_PAUSE_MS) attempt = 0
      if (!this.closed) await this.pause(pauseMs(attempt))
    }
  }

  private failed(error: Error): void {
    this.lastError = refusal(error, this.options.url)
    if (!this.closed) this.log.warn(this.lastError.message, { name: this.options.name })
  }

  /** From opening the connection to its end. */
  private async once(): Promise<void> {
    this.blocked = false
    const connection = await dial(this.options.url, this.options.name)
    let reported: Error | undefined
    const over = new Promise<Error | undefined>((resolve) => {
      connection.once('close', resolve)
    })
    connection.on('error', (error: Error) => {
      reported ??= error
      if (this.connection === connection) this.lastError = error
    })
    connection.on('blocked', (reason: string) => this.block(true, reason))
    connection.on('unblocked', () => this.block(false))
    try {
      await within(30_000, 'setting up the connection', this.options.setUp(connection))
    } catch (error) {
      // The broker's own reason for closing the connection says more than the set-up step that failed with it.
      const cause = reported ?? error
      destroy(connection, 'set-up failed')
      throw cause
    }
    this.connection = connection
    this.lastError = undefined
    this.notify()
    if (this.closed) destroy(connection, 'closed')
    const reason = await over
    this.connection = undefined
    this.blocked = false
    if (!this.closed) this.log.warn('Lost the RabbitMQ connection', { name: this.options.name, reason: reason?.message })
  }

  private block(blocked: boolean, reason?: string): void {
    this.blocked = blocked
    this.options.log.warn(blocked ? 'RabbitMQ accepts no messages' : 'RabbitMQ accepts messages again', { reason })
    this.notify()
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
