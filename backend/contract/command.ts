import type { QueueName } from '../../queues/names'
import type { Json } from '../base/json'

/** A queue script: `yarn queue <name> …`. What it takes is described by the source's params. */
export interface Command {
  about: string
  /** The queue its requests belong to. */
  queue: QueueName
  /** The field of the request that takes each id given; absent when the command takes none, or ids to look up. */
  ids?: string
  /** Takes the fields of the params that name a flag: `.meta({ flag: '--from-date <date>' })`. */
  options?: boolean
  /** Fields set by the command itself. */
  preset?: Record<string, Json>
  priority?: number
  /** Ids are asked as lookups of this kind, no job is made. */
  lookup?: string
}
