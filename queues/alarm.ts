import type { ChannelModel } from 'amqplib'
import { destroy, within } from './connection'

/** What a person reads during a memory or disk alarm of the broker. */
export const ALARM =
  'RabbitMQ accepts no messages because it is short of memory or disk: `rabbitmqctl status` names the alarm; free memory or disk space, or raise the limit.'

/** A routing key without a queue: RabbitMQ drops what is published to it. */
export const PROBE_KEY = 'backhaul.probe'

const CONFIRM_MS = 3_000

/**
 * Checks whether the broker accepts messages, on a connection that is used for nothing else: RabbitMQ tells a connection of an alarm
 * when it publishes and reads nothing from it afterwards, so such a connection is destroyed.
 * @returns what is wrong; undefined when a message was confirmed
 */
export async function alarmOf(connection: ChannelModel): Promise<string | undefined> {
  const blocked = new Promise<string>((resolve) => {
    connection.once('blocked', () => resolve(ALARM))
  })
  const channel = await connection.createConfirmChannel()
  const taken = new Promise<undefined>((resolve, reject) => {
    channel.publish('', PROBE_KEY, Buffer.alloc(0), {}, (error) => (error ? reject(error as Error) : resolve(undefined)))
  })
  const alarm = await within(CONFIRM_MS, 'the confirm from RabbitMQ', Promise.race([taken, blocked]))
  if (!alarm) return undefined
  destroy(connection, alarm)
  return alarm
}
