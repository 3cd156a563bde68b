import type { Json } from '../backend/base/json'
import type { QueueName } from './names'

export interface Outgoing {
  /** A queue by name, through the default exchange; or an exchange with its routing key. */
  queue?: string
  exchange?: string
  routingKey?: string
  /** Bytes as they are, or a value to be written as JSON. */
  body: Buffer | Json
  messageId?: string
  headers?: Record<string, unknown>
  /** True by default: a message that no queue takes is reported as `unroutable` instead of dropped. */
  mandatory?: boolean
}

/** `confirmed`: the broker has it on disk. `unroutable`: no queue took it. `failed`: not known to be on a queue; sending it again is safe. */
export type Sent = 'confirmed' | 'unroutable' | 'failed'

export interface Delivery {
  queue: QueueName
  body: Buffer
  messageId?: string
  headers: Record<string, unknown>
  redelivered: boolean
  /** Removes the message from its queue. A second call does nothing; nor does one after its channel was lost: the message comes again. */
  ack(): void
  /** Returns the message to its queue, for another worker or a later try; like `ack` it works once. */
  release(): void
}
