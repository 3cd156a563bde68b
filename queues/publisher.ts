import { setTimeout as pause } from 'node:timers/promises'
import type { ChannelModel, ConfirmChannel, Message } from 'amqplib'
import type { Log } from '../backend/base/log'
import { withoutRepeats } from '../backend/base/log-errors'
import { closeChannel, within } from './connection'
import type { Outgoing, Sent } from './delivery'
import { Link, SETTLE_MS } from './link'
import { isQueue } from './names'
import { declareOn } from './topology'

/** How long a broker that is known to be unreachable gets to return, ms. */
const UNREACHABLE_MS = 2_000
const PROBE_MS = 3_000

/** A message that waits for its confirm. */
interface Pending {
  settle(sent: Sent): void
}

/** Publishes on a connection of its own: a broker short of memory blocks the whole connection of a publisher. */
export class Publisher {
  readonly link: Link
  private channel?: ConfirmChannel
  /**
   * Unconfirmed messages by correlation id. Message ids cannot serve: they belong to the sender, and two messages of one call may
   * have the same.
   */
  private readonly pending = new Map<string, Pending>()
  private count = 0
  private isFull = false
  private closed = false
  private readonly log: Log

  constructor(private readonly options: { url: string; name: string; log: Log; confirmMs: number }) {
    this.log = withoutRepeats(options.log)
    this.link = new Link({ ...options, name: `${options.name} publisher`, setUp: (connection) => this.setUp(connection) })
  }

  /** One result for each message, in order. */
  async publish(messages: readonly Outgoing[]): Promise<Sent[]> {
    if (messages.length === 0) return []
    this.link.open()
    const end = performance.now() + this.options.confirmMs
    const sent = await this.attempt(messages, end)
    const again = sent.flatMap((result, at) => (result === 'unroutable' && isQueue(messages[at]?.queue ?? '') ? [at] : []))
    if (again.length === 0) return sent
    // Somebody deleted one of our queues: declare it again and publish its messages once more.
    await pause(Math.min(SETTLE_MS, Math.max(0, end - performance.now())))
    if (!(await this.redeclare())) return sent
    const second = await this.attempt(
      again.map((at) => messages[at] as Outgoing),
      end,
    )
    again.forEach((at, index) => {
      sent[at] = second[index] as Sent
    })
    return sent
  }

  private async attempt(messages: readonly Outgoing[], end: number): Promise<Sent[]> {
    const results: Sent[] = messages.map(() => 'failed')
    const open = new Set<string>()
    let isWritten = false
    let finish = (): void => undefined
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    for (const [at, message] of messages.entries()) {
      const channel = await this.usable(end)
      if (!channel) break
      const id = String(++this.count)
      open.add(id)
      this.pending.set(id, {
        settle: (sent) => {
          this.pending.delete(id)
          if (!open.delete(id)) return
          results[at] = sent
          if (isWritten && open.size === 0) finish()
        },
      })
      this.write(channel, id, message)
    }
    isWritten = true
    if (open.size > 0) {
      await within(Math.max(1, end - performance.now()), 'the confirm', finished).catch((error: Error) => {
        this.log.warn('RabbitMQ did not confirm in time', { messages: open.size, reason: error.message })
        this.probe()
      })
    }
    for (const id of [...open]) this.pending.get(id)?.settle('failed')
    return results
  }

  /** A channel that accepts a message now; undefined when the broker stays unreachable, blocked or full until `end`. */
  private async usable(end: number): Promise<ConfirmChannel | undefined> {
    const soon = performance.now() + UNREACHABLE_MS
    while (!this.channel || this.link.blocked || this.isFull) {
      // A broker known to be unreachable gets a moment only: what is not sent now is sent again by its caller.
      const left = (this.channel || !this.link.lastError ? end : Math.min(end, soon)) - performance.now()
      if (left <= 0) return undefined
      await this.link.change(left)
    }
    return this.channel
  }

  private write(channel: ConfirmChannel, id: string, message: Outgoing): void {
    const pending = this.pending.get(id)
    const isJson = !Buffer.isBuffer(message.body)
    const body = isJson ? Buffer.from(JSON.stringify(message.body)) : (message.body as Buffer)
    const properties = {
      persistent: true,
      mandatory: message.mandatory ?? true,
      correlationId: id,
      messageId: message.messageId,
      headers: message.headers,
      contentType: isJson ? 'application/json' : undefined,
    }
    try {
      // A return comes before its confirm, so the second call to settle does nothing.
      const hasRoom = channel.publish(message.exchange ?? '', message.queue ?? message.routingKey ?? '', body, properties, (error) =>
        pending?.settle(error ? 'failed' : 'confirmed'),
      )
      this.isFull = !hasRoom
    } catch (error) {
      // Expected: the channel has just closed, or the message cannot be encoded (headers over 64 KiB).
      this.log.warn('Message not sent', { queue: message.queue, reason: (error as Error).message })
      pending?.settle('failed')
    }
  }

  async close(): Promise<void> {
    this.closed = true
    await closeChannel(this.channel)
    await this.link.close()
  }

  private async setUp(connection: ChannelModel): Promise<void> {
    await declareOn(connection)
    const channel = await connection.createConfirmChannel()
    channel.on('error', (error: Error) => this.log.warn('RabbitMQ closed the publishing channel', { reason: error.message }))
    channel.on('return', (message: Message) => this.pending.get(String(message.properties.correlationId))?.settle('unroutable'))
    channel.on('drain', () => this.hasRoom())
    channel.on('close', () => this.lost(channel))
    this.channel = channel
    this.hasRoom()
  }

  private hasRoom(): void {
    this.isFull = false
    this.link.notify()
  }

  /** The broker closed the channel: its messages have failed (amqplib reports each), the next ones get a new channel. */
  private lost(channel: ConfirmChannel): void {
    if (this.channel !== channel) return
    this.channel = undefined
    this.hasRoom()
    // When the whole connection is lost, its channels close first; the link then sets up everything again.
    setImmediate(() => {
      const connection = this.link.connection
      if (!connection || this.channel || this.closed) return
      within(10_000, 'opening a channel', this.setUp(connection)).catch((error: Error) => this.link.reset(error.message))
    })
  }

  /** Heartbeats notice a broker that vanished without closing after 20 s; a request that it does not answer tells sooner. */
  private probe(): void {
    const connection = this.link.connection
    if (!connection || this.link.blocked) return
    within(PROBE_MS, 'opening a channel', connection.createChannel().then(closeChannel)).catch((error: Error) =>
      this.link.reset(error.message),
    )
  }

  private async redeclare(): Promise<boolean> {
    const connection = this.link.connection
    if (!connection) return false
    try {
      await within(10_000, 'declaring the queues', declareOn(connection))
      return true
    } catch (error) {
      this.log.error('Could not declare the queues', { reason: (error as Error).message })
      return false
    }
  }
}
