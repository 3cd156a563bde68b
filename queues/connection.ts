import type { Channel, ChannelModel } from 'amqplib'
import { openRefusal } from './refusal'

const CONNECT_MS = 10_000

/** Rejects with an error that names `what` when `work` takes longer than `ms`. */
export async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Opens a connection; the caller must listen to `error` at once.
 * @throws {Refused} `setup` with the reason; {Unreachable} when it may pass by itself
 */
export async function dial(url: string, name: string): Promise<ChannelModel> {
  // Most commands do not connect.
  const { connect } = require('amqplib') as typeof import('amqplib')
  const target = new URL(url)
  if (!target.searchParams.has('heartbeat')) target.searchParams.set('heartbeat', '10')
  try {
    return await connect(target.href, {
      timeout: CONNECT_MS,
      noDelay: true,
      keepAlive: true,
      clientProperties: { connection_name: `backhaul ${name}` },
    })
  } catch (error) {
    throw await openRefusal(error as Error, url)
  }
}

/**
 * One connection that does not reconnect; for commands.
 * @throws {Refused} `setup` with the reason
 */
export async function connectOnce(url: string, name: string): Promise<ChannelModel> {
  const connection = await dial(url, name)
  // A lost connection rejects whatever waits on it; the event adds nothing.
  return connection.on('error', () => undefined)
}

/**
 * Ends a connection that may no longer answer. `close()` would wait for an answer, and amqplib reports a destroyed stream only
 * when it was destroyed with an error.
 */
export function destroy(connection: ChannelModel, reason: string): void {
  const { stream } = connection.connection as unknown as { stream: { destroy(error: Error): void } }
  stream.destroy(new Error(reason))
}

/** Closes a channel after everything written to it; `connection.close()` alone would overtake acks still in its buffer. */
export async function closeChannel(channel: Channel | undefined): Promise<void> {
  if (!channel) return
  try {
    await within(2_000, 'closing a channel', channel.close())
  } catch {
    // Expected: it is closed already, or the broker no longer answers; either way it goes with its connection.
  }
}
