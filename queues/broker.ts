import type { ChannelModel } from 'amqplib'
import type { Log } from '../backend/base/log'
import type { Delivery, Outgoing, Sent } from './delivery'
import { Link } from './link'
import type { QueueName } from './names'
import { Publisher } from './publisher'
import { Subscriber } from './subscriber'
import { declareOn } from './topology'

export interface Subscription {
  /** Cancels the consumer; deliveries in hand may still be acked until the broker is closed. */
  stop(): Promise<void>
}

export interface Broker {
  /**
   * Publishes persistent messages and waits up to 10 s for their confirms; one result for each, in order.
   * Never throws: while the broker is unreachable or blocked the result is `failed`.
   */
  publish(messages: readonly Outgoing[]): Promise<Sent[]>
  /**
   * Consumes until stopped, through lost connections, closed channels, cancelled consumers, deleted queues and a
   * wiped broker. Resolves when the consumer has started for the first time, or the broker is closed before that.
   */
  consume(queue: QueueName, prefetch: number, onDelivery: (delivery: Delivery) => void): Promise<Subscription>
  readonly state: 'connected' | 'blocked' | 'unreachable'
  /**
   * Waits for the first connection, 10 s by default.
   * @throws {Refused} `setup`: at once for refused credentials, an unknown vhost or a queue with other settings, otherwise after the timeout
   */
  ready(timeoutMs?: number): Promise<void>
  close(): Promise<void>
}

export interface BrokerOptions {
  url: string
  /** The connection's name in the broker's list. */
  name: string
  log: Log
  /** How often each consumer is checked, ms; 5,000 by default. */
  watchdogMs?: number
  /** How long a message may stay unconfirmed, ms; 10,000 by default. */
  confirmMs?: number
}

/** A broker that reconnects by itself, on one connection for publishing and one for consuming; each connects at first use. */
export function openBroker(options: BrokerOptions): Broker {
  const { url, name, log, watchdogMs = 5_000, confirmMs = 10_000 } = options
  const publisher = new Publisher({ url, name, log, confirmMs })
  const subscribers = new Set<Subscriber>()
  const consuming = new Link({
    url,
    name: `${name} consumer`,
    log,
    setUp: async (connection: ChannelModel) => {
      await declareOn(connection)
      for (const subscriber of subscribers) await subscriber.attach(connection)
    },
  })
  const links = () => [publisher.link, consuming].filter((link) => link.isOpen)
  let watchdog: NodeJS.Timeout | undefined
  let isClosed = false
  const check = () => void Promise.all([...subscribers].map((subscriber) => subscriber.check()))

  return {
    publish: (messages) => publisher.publish(messages),
    async consume(queue, prefetch, onDelivery) {
      const subscriber = new Subscriber(consuming, log, queue, prefetch, onDelivery)
      subscribers.add(subscriber)
      consuming.open()
      watchdog ??= setInterval(check, watchdogMs)
      void subscriber.check()
      while (!subscriber.isAttached && !isClosed) await consuming.change(watchdogMs)
      return {
        async stop() {
          await subscriber.stop()
        },
      }
    },
    get state() {
      const open = links()
      if (open.length === 0 || open.some((link) => !link.connection)) return 'unreachable'
      return open.some((link) => link.blocked) ? 'blocked' : 'connected'
    },
    async ready(timeoutMs = 10_000) {
      publisher.link.open()
      await Promise.all(links().map((link) => link.up(timeoutMs)))
    },
    async close() {
      isClosed = true
      clearInterval(watchdog)
      await Promise.all([...subscribers].map((subscriber) => subscriber.close()))
      await Promise.all([publisher.close(), consuming.close()])
    },
  }
}
