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
  /** True unless told: a message no queue takes is `unroutable` instead of gone. */
  mandatory?: boolean
}

/** `confirmed`: the broker has it on disk. `unroutable`: no queue took it. `failed`: not known to be there; sending it again is safe. */
export type Sent = 'confirmed' | 'unroutable' | 'failed'

export interface Delivery {
  queue: QueueName
  body: Buffer
  messageId?: string
  headers: Record<string, unknown>
  redelivered: boolean
  /** Takes the message off its queue. Twice, or after its channel was lost, it does nothing; in the latter case the message comes again. */
  ack(): void
  /** Puts the message back on its queue, for another worker or a later try; like `ack` it works once. */
  release(): void
}
