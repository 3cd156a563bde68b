/** Every queue of the suite, by the name that users publish to. */
export const QUEUES = [
  'zkillboard_backfill_queue',
  'zkillboard_character_queue',
  'esi_character_info_queue',
  'esi_corporation_info_queue',
  'esi_alliance_info_queue',
  'esi_type_info_queue',
  'atproto_backfill_queue',
  'backpack-tf-backfill-requests',
  'tf2_listing_events_queue',
  'districts_backfill_queue',
  'commerce_backfill_queue',
  'etsy_backfill_queue',
  'shopify_backfill_queue',
  'printify_backfill_queue',
] as const

export type QueueName = (typeof QUEUES)[number]

/** Topic exchange of domain events. */
export const EVENTS_EXCHANGE = 'backhaul.events'

/** The queue for messages of `queue` that cannot be understood. */
export const deadQueueOf = (queue: QueueName): string => `${queue}.dead`

export const isQueue = (name: string): name is QueueName => (QUEUES as readonly string[]).includes(name)
