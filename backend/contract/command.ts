import type { QueueName } from '../../queues/names'
import type { Json } from '../base/json'

/** A queue script: `yarn queue <name> …`. The source's params describe its arguments and options. */
export interface Command {
  about: string
  /** The queue its requests belong to. */
  queue: QueueName
  /** The field of the request that each given id goes into; absent when the command takes no ids, or ids to look up. */
  ids?: string
  /** Offers every field of the params that has a flag as an option: `.meta({ flag: '--from-date <date>' })`. */
  options?: boolean
  /** Fields set by the command itself. */
  preset?: Record<string, Json>
  priority?: number
  /** The ids become lookups of this kind; no job is started. */
  lookup?: string
}
