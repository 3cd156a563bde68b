import type { QueueName } from '../../queues/names'
import type { Json } from '../base/json'
import type { Tx } from '../base/sql'
import type { Reject, Written } from './stream'

/*
 * Messages that are data and no requests: they start no job. Many of them are written in one transaction, and acknowledged after it.
 */

export interface Feed<Item = unknown> {
  about: string
  queue: QueueName
  /** Messages written together, at most. */
  batch: number
  /** How long the first of them waits for others, ms. */
  lingerMs: number
  /** A longer message becomes a dead letter, bytes. */
  maxBytes: number
  /**
   * What a message holds. One bad item is a reject; the others are written.
   * @throws {Refused} for a message that holds no items at all: it becomes a dead letter
   */
  read(body: Json): { items: Item[]; rejected: Reject[] }
  /** Database only; may run twice, as a message that was not acknowledged comes again. */
  write(tx: Tx, items: readonly Item[]): Promise<Written>
}

/** Keeps a feed's own item type while the registry forgets it. */
export const defineFeed = <Item>(feed: Feed<Item>): Feed => feed as Feed
