import type { QueueName } from '../../queues/names'
import type { Json } from '../base/json'
import type { Tx } from '../base/sql'
import type { Reject, Written } from './stream'

/*
 * Messages that carry data instead of requests: they start no job. Many are written in one transaction and acknowledged after its commit.
 */

export interface Feed<Item = unknown> {
  about: string
  queue: QueueName
  /** The most messages written together. */
  batch: number
  /** How long the first message of a batch waits for more, ms. */
  lingerMs: number
  /** A longer message becomes a dead letter, bytes. */
  maxBytes: number
  /**
   * Reads the items of a message. A bad item becomes a reject; the others are written.
   * @throws {Refused} for a message that holds no items at all: it becomes a dead letter
   */
  read(body: Json): { items: Item[]; rejected: Reject[] }
  /** Database only; may run twice, because a message that was not acknowledged is delivered again. */
  write(tx: Tx, items: readonly Item[]): Promise<Written>
}

/** Checks that a feed's parts fit together; the registry does not keep the type of its items. */
export const defineFeed = <Item>(feed: Feed<Item>): Feed => feed as Feed
