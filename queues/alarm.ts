import type { ChannelModel } from 'amqplib'
import { destroy, within } from './connection'

/** What a memory or disk alarm of the broker means, for people. */
export const ALARM =
  'RabbitMQ takes no messages, because it is short of memory or disk: rabbitmqctl status names the alarm; free some, or raise the limit.'

/** Routing key that no queue has: what is published to it is thrown away. */
export const PROBE_KEY = 'backhaul.probe'

const CONFIRM_MS = 3_000

/**
 * Asks a connection that is not used for anything else whether the broker takes messages. RabbitMQ tells a connection of its alarm
 * when it publishes, and from then on reads nothing it sends; so such a connection is destroyed.
 * @returns what is wrong, undefined when a message was taken
 */
export async function alarmOf(connection: ChannelModel): Promise<string | undefined> {
  const blocked = new Promise<string>((resolve) => {
    connection.once('blocked', () => resolve(ALARM))
  })
  const channel = await connection.createConfirmChannel()
  const taken = new Promise<undefined>((resolve, reject) => {
    channel.publish('', PROBE_KEY, Buffer.alloc(0), {}, (error) => (error ? reject(error as Error) : resolve(undefined)))
  })
  const alarm = await within(CONFIRM_MS, 'a confirm of RabbitMQ', Promise.race([taken, blocked]))
  if (!alarm) return undefined
  destroy(connection, alarm)
  return alarm
}
