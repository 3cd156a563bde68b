import type { QueueName } from '../../queues/names'
import type { Json } from '../base/json'

/** A queue script: `yarn queue <name> …`. Options and their checks come from `params`. */
export interface Command {
  about: string
  /** Which queue its request belongs to. */
  queue: QueueName
  /** The field of the request that takes each id given; absent when the command takes none. */
  ids?: { field: string; label: string }
  options?: CommandOption[]
  /** Fields set by the command itself. */
  preset?: Record<string, Json>
  priority?: number
  /** Ids are asked as lookups of this kind, no job is made. */
  lookup?: string
}
export interface CommandOption {
  /** commander flags: `--from-date <date>`. */
  flags: string
  about: string
  /** Dotted path in the request: `options.fromDate`. */
  path: string
  /** `list` takes several values: `--did <names...>`. */
  kind: 'date' | 'integer' | 'flag' | 'negated' | 'text' | 'list'
}
