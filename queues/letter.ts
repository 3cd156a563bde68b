import { createHash, randomUUID } from 'node:crypto'
import type { Message } from 'amqplib'
import type { QueueName } from './names'

/*
 * Dead letters. A worker that cannot understand a message publishes it to `<queue>.dead` with the reason; a broker with a delivery
 * limit does so by itself and writes why in `x-death`.
 */

const QUEUE = 'x-backhaul-queue'
const REASON = 'x-backhaul-reason'
const AT = 'x-backhaul-at'
const ID = 'x-backhaul-id'
/** Headers share one frame, so a long reason is cut. */
const MAX_REASON = 2048

export interface DeadLetter {
  /** Identifies it for show, replay and drop. */
  id: string
  /** The queue it was meant for. */
  queue: QueueName
  reason: string
  at?: Date
  messageId?: string
  /** In a list only its first 4 kB. */
  body: Buffer
  bytes: number
}

/** The headers that make a message a dead letter. */
export const letterHeaders = (queue: QueueName, reason: string): Record<string, string> => ({
  [QUEUE]: queue,
  [REASON]: cut(reason),
  [AT]: new Date().toISOString(),
  [ID]: shortId(randomUUID()),
})

/** Reads a message of a dead-letter queue. */
export function readLetter(queue: QueueName, message: Message): DeadLetter {
  const headers = message.properties.headers ?? {}
  const [death] = (headers['x-death'] ?? []) as { reason?: string; time?: { value?: number } }[]
  const ours = typeof headers[REASON] === 'string' ? (headers[REASON] as string) : undefined
  const at =
    typeof headers[AT] === 'string' ? new Date(headers[AT] as string) : death?.time?.value ? new Date(death.time.value * 1000) : undefined
  return {
    id: typeof headers[ID] === 'string' ? (headers[ID] as string) : derivedId(message, at),
    queue,
    reason: ours ?? (death ? `dead-lettered by RabbitMQ: ${death.reason}` : 'unknown: published by another program'),
    at: at && !Number.isNaN(at.getTime()) ? at : undefined,
    messageId: typeof message.properties.messageId === 'string' ? message.properties.messageId : undefined,
    body: message.content,
    bytes: message.content.length,
  }
}

/** The same each time the message is read: the id of a message that was not dead-lettered by this suite is made of its content. */
function derivedId(message: Message, at: Date | undefined): string {
  const { messageId, correlationId, timestamp } = message.properties
  const parts = [messageId, correlationId, timestamp, at?.getTime()].map((part) => String(part ?? ''))
  return shortId(createHash('sha256').update(JSON.stringify(parts)).update(message.content).digest('hex'))
}

const shortId = (text: string): string => text.replaceAll('-', '').slice(0, 12)

/** At most `MAX_REASON` bytes, never half a character. */
function cut(reason: string): string {
  const bytes = Buffer.from(reason)
  if (bytes.length <= MAX_REASON) return reason
  return `${new TextDecoder().decode(bytes.subarray(0, MAX_REASON - 6)).replace(/\uFFFD$/, '')}…`
}
