import { type Channel, type ChannelModel, connect } from 'amqplib'
import { Away, Refused } from '../backend/engine/errors'

const CONNECT_MS = 10_000

/** Rejects with a sentence when `work` takes longer than `ms`. */
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

/** The broker's address as it may be shown: without the password. */
function shown(url: string): string {
  const { hostname, port, pathname, protocol } = new URL(url)
  return `${protocol}//${hostname}${port ? `:${port}` : ''}${pathname}`
}

/** Says in one sentence why no connection was made. */
export function refusal(error: Error, url: string): Refused {
  if (error instanceof Refused) return error
  if (/ACCESS.REFUSED/.test(error.message)) {
    return new Refused(
      'setup',
      `RabbitMQ at ${shown(url)} refuses user "${new URL(url).username || 'guest'}": check user and password in RABBITMQ_URL.`,
    )
  }
  if (/Expected ConnectionOpenOk; got <ConnectionClose/.test(error.message)) {
    return new Refused(
      'setup',
      `RabbitMQ at ${shown(url)} has no such vhost, or this user may not enter it: check the path of RABBITMQ_URL.`,
    )
  }
  return new Away(
    `RabbitMQ at ${shown(url)} cannot be reached (${error.message || 'connection refused'}): is it running, is RABBITMQ_URL right?`,
  )
}

/** True for faults that no waiting mends. */
export const isSettled = (error: Error): boolean => error instanceof Refused || /ACCESS.REFUSED|ConnectionOpenOk/.test(error.message)

/** Opens a connection; its caller has to listen to `error` at once. */
export async function dial(url: string, name: string): Promise<ChannelModel> {
  const target = new URL(url)
  if (!target.searchParams.has('heartbeat')) target.searchParams.set('heartbeat', '10')
  return connect(target.href, {
    timeout: CONNECT_MS,
    noDelay: true,
    keepAlive: true,
    clientProperties: { connection_name: `backhaul ${name}` },
  })
}

/**
 * One connection that does not come back; for commands.
 * @throws {Refused} `setup` with the reason
 */
export async function connectOnce(url: string, name: string): Promise<ChannelModel> {
  const connection = await dial(url, name).catch((error: Error) => {
    throw refusal(error, url)
  })
  // A lost connection rejects what is being waited for; the event says nothing more.
  return connection.on('error', () => undefined)
}

/**
 * Ends a connection that may no longer answer. amqplib tells nobody about a stream destroyed without an error
 * and would wait for an answer in `close()`.
 */
export function destroy(connection: ChannelModel, reason: string): void {
  const { stream } = connection.connection as unknown as { stream: { destroy(error: Error): void } }
  stream.destroy(new Error(reason))
}

/** Closes a channel after what was written to it; `connection.close()` alone would overtake acks still in its buffer. */
export async function closeChannel(channel: Channel | undefined): Promise<void> {
  if (!channel) return
  try {
    await within(2_000, 'closing a channel', channel.close())
  } catch {
    // Closed already, or the broker no longer answers: either way it is gone with its connection.
  }
}
