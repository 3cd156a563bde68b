import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib'
import type { Log } from '../backend/base/log'
import { withoutRepeats } from '../backend/base/log-errors'
import { closeChannel, within } from './connection'
import type { Delivery } from './delivery'
import { type Link, pauseMs, SETTLE_MS } from './link'
import type { QueueName } from './names'
import { declareOn } from './topology'

const ANSWER_MS = 10_000
/** Checks in a row without a delivery after which the consumer is renewed. */
const QUIET_CHECKS = 3

/** One consumer on a channel of its own, so that an error of one queue does not affect the others. */
export class Subscriber {
  private channel?: Channel
  private tag?: string
  private attaching = false
  private checking = false
  private stopped = false
  private attempt = 0
  private inHand = 0
  /** Deliveries since the last check. */
  private received = 0
  /** Checks in a row at which the consumer seemed to be missing. */
  private missed = 0
  /** Checks in a row at which there was nothing to do. */
  private quiet = 0
  private retry?: NodeJS.Timeout
  private readonly log: Log

  constructor(
    private readonly link: Link,
    log: Log,
    private readonly queue: QueueName,
    private readonly prefetch: number,
    private readonly onDelivery: (delivery: Delivery) => void,
  ) {
    this.log = withoutRepeats(log)
  }

  get isAttached(): boolean {
    return this.tag !== undefined
  }

  /** Starts consuming on a new connection. */
  async attach(connection: ChannelModel): Promise<void> {
    if (this.stopped) return
    this.attaching = true
    let channel: Channel | undefined
    try {
      channel = await this.openOn(connection)
      this.channel = channel
      // The first deliveries may arrive before this resolves.
      const { consumerTag } = await channel.consume(this.queue, (message) => this.deliver(channel as Channel, message))
      if (this.channel !== channel) throw new Error('the channel closed at once')
      this.tag = consumerTag
      this.missed = 0
      this.quiet = 0
      if (this.stopped) await channel.cancel(consumerTag)
    } catch (error) {
      if (this.channel === channel) this.forget()
      await closeChannel(channel)
      throw error
    } finally {
      this.attaching = false
      this.link.notify()
    }
  }

  private async openOn(connection: ChannelModel): Promise<Channel> {
    const channel = await connection.createChannel()
    channel.on('error', (error: Error) => this.log.warn('RabbitMQ closed a channel', { queue: this.queue, reason: error.message }))
    channel.on('close', () => this.lost(channel))
    await channel.prefetch(this.prefetch)
    return channel
  }

  /** The watchdog: starts a consumer again that is missing, or that exists and gets no messages. */
  async check(): Promise<void> {
    if (this.stopped || this.checking) return
    this.checking = true
    try {
      await this.checkOnce()
    } finally {
      this.checking = false
    }
  }

  private async checkOnce(): Promise<void> {
    const channel = this.channel
    if (!channel || !this.tag) return this.reattach()
    try {
      const seen = await within(ANSWER_MS, 'checking the queue', channel.checkQueue(this.queue))
      await this.assess(channel, seen)
    } catch (error) {
      // Expected: a deleted queue closed the channel, which starts a new consumer. A channel that is still here does not answer.
      if (this.channel === channel) this.link.reset(`${this.queue}: ${(error as Error).message}`)
    }
  }

  /**
   * The count covers the consumers of all processes, so it says nothing about this one while there are others. Messages that wait
   * while this one has room and got none do. Both count from the second check on, because the broker's counts lag.
   */
  private async assess(channel: Channel, seen: { messageCount: number; consumerCount: number }): Promise<void> {
    const isStarved = seen.messageCount > 0 && this.inHand < this.prefetch && this.received === 0
    this.quiet = this.inHand === 0 && this.received === 0 ? this.quiet + 1 : 0
    this.received = 0
    this.missed = seen.consumerCount === 0 || isStarved ? this.missed + 1 : 0
    if (this.missed === 0) this.attempt = 0
    if (this.stopped || this.channel !== channel) return
    if (this.missed >= 2) {
      this.log.warn('Consumer missing; starting it again', { queue: this.queue })
      this.drop(channel)
    } else if (this.quiet >= QUIET_CHECKS) await this.renew(channel)
  }

  /**
   * Only a new consumer is certain to work: after a quorum queue was deleted and declared again within some 50 ms,
   * RabbitMQ 3.10 keeps listing the old one, assigns it messages and delivers none of them, without an event.
   */
  private async renew(old: Channel): Promise<void> {
    const connection = this.link.connection
    if (!connection) return
    try {
      await within(ANSWER_MS, 'renewing the consumer', this.attach(connection))
    } finally {
      await closeChannel(old)
    }
  }

  /** Cancels the consumer; deliveries in hand may still be acked. */
  async stop(): Promise<void> {
    this.stopped = true
    clearTimeout(this.retry)
    if (!this.channel || !this.tag) return
    await within(2_000, 'cancelling the consumer', this.channel.cancel(this.tag)).catch((error: Error) => {
      // Expected: the connection is gone, and the consumer with it.
      this.log.debug('Consumer not cancelled', { queue: this.queue, reason: error.message })
    })
  }

  async close(): Promise<void> {
    this.stopped = true
    clearTimeout(this.retry)
    const channel = this.channel
    this.forget()
    await closeChannel(channel)
  }

  private deliver(channel: Channel, message: ConsumeMessage | null): void {
    // A channel that has been replaced releases its deliveries when it closes.
    if (this.channel !== channel) return
    if (!message) {
      this.log.warn('RabbitMQ cancelled the consumer; starting it again', { queue: this.queue })
      this.drop(channel)
      return
    }
    if (this.stopped) {
      // It arrived while the consumer was being cancelled: leave it to another worker.
      channel.nack(message, false, true)
      return
    }
    this.inHand++
    this.received++
    let isDone = false
    const once = (answer: () => void) => () => {
      // A delivery tag belongs to its channel: on a newer one it is an error that closes the channel. The message comes again.
      if (isDone || this.channel !== channel) return
      isDone = true
      this.inHand--
      answer()
    }
    this.onDelivery({
      queue: this.queue,
      body: message.content,
      messageId: typeof message.properties.messageId === 'string' ? message.properties.messageId : undefined,
      headers: message.properties.headers ?? {},
      redelivered: message.fields.redelivered,
      ack: once(() => channel.ack(message)),
      release: once(() => channel.nack(message, false, true)),
    })
  }

  /** Closes a channel that is still open; its deliveries return to the queue. */
  private drop(channel: Channel): void {
    if (this.channel !== channel) return
    this.forget()
    void closeChannel(channel)
    this.reattachSoon()
  }

  private lost(channel: Channel): void {
    if (this.channel !== channel) return
    this.forget()
    if (!this.attaching) this.reattachSoon()
  }

  private forget(): void {
    this.channel = undefined
    this.tag = undefined
    this.inHand = 0
    this.received = 0
  }

  private reattachSoon(): void {
    if (this.stopped || this.retry) return
    this.retry = setTimeout(
      () => {
        this.retry = undefined
        void this.reattach()
      },
      SETTLE_MS + pauseMs(this.attempt++),
    )
  }

  /** Without a connection there is nothing to do: the link attaches everything once it has one. */
  private async reattach(): Promise<void> {
    const connection = this.link.connection
    if (this.stopped || this.attaching || this.channel || !connection) return
    try {
      await within(ANSWER_MS, 'starting the consumer', this.start(connection))
    } catch (error) {
      this.log.warn('Consumer not started', { queue: this.queue, reason: (error as Error).message })
      // Still attaching: the broker does not answer, and only a new connection ends the wait.
      if (this.attaching) this.link.reset(`${this.queue}: no answer`)
      else this.reattachSoon()
    }
  }

  private async start(connection: ChannelModel): Promise<void> {
    await declareOn(connection)
    await this.attach(connection)
  }
}
