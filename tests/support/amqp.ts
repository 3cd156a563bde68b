import { type Channel, connect } from 'amqplib'
import type { Log } from '../../backend/base/log'
import { type Broker, openBroker } from '../../queues/broker'
import type { Delivery } from '../../queues/delivery'
import type { QueueName } from '../../queues/names'
import { tcpProxy } from './proxy'

/** A channel beside the suite, to inspect and to disturb. */
export interface Outsider {
  channel: Channel
  /** Messages ready on a queue; 0 when it is not there. */
  ready(queue: string): Promise<number>
  has(queue: string): Promise<boolean>
  close(): Promise<void>
}

export async function outsider(url: string): Promise<Outsider> {
  const connection = await connect(url)
  connection.on('error', () => undefined)
  const open = async () => {
    const channel = await connection.createChannel()
    return channel.on('error', () => undefined)
  }
  const check = async (queue: string) => {
    const channel = await open()
    const seen = await channel.checkQueue(queue).catch((error: Error & { code?: number }) => {
      if (error.code !== 404) throw error
    })
    if (seen) await channel.close()
    return seen
  }
  return {
    channel: await open(),
    ready: async (queue) => (await check(queue))?.messageCount ?? 0,
    has: async (queue) => (await check(queue)) !== undefined,
    close: () => connection.close(),
  }
}

export interface Recorder extends Log {
  lines: string[]
}

/** Keeps what is logged. */
export function recorder(): Recorder {
  const lines: string[] = []
  const keep = (message: string, fields?: Record<string, unknown>) => void lines.push(`${message} ${JSON.stringify(fields ?? {})}`)
  return { lines, debug: keep, info: keep, warn: keep, error: keep }
}

/** A broker as a worker has it, checking its consumers often. */
export const brokerAt = (url: string, options: { log?: Log; watchdogMs?: number; confirmMs?: number } = {}): Broker =>
  openBroker({ url, name: 'test', log: recorder(), watchdogMs: 200, ...options })

/** Consumes and acks; what came, as text. */
export async function collect(broker: Broker, queue: QueueName, prefetch = 10): Promise<string[]> {
  const got: string[] = []
  await broker.consume(queue, prefetch, (delivery: Delivery) => {
    got.push(delivery.body.toString())
    delivery.ack()
  })
  return got
}

/** The broker's address through a connection that can be cut. */
export async function throughProxy(url: string) {
  const target = new URL(url)
  const proxy = await tcpProxy(Number(target.port || 5672), target.hostname)
  target.hostname = '127.0.0.1'
  target.port = String(proxy.port)
  return { proxy, url: target.href }
}
