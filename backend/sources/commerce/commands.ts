import type { Command } from '../../contract'

/** `yarn queue <name> <user id>`. */
export const commands: Record<string, Command> = {
  commerce: {
    about: "Backfill a user's orders, listings, payments and customers from Etsy, Shopify and Printify",
    queue: 'commerce_backfill_queue',
    ids: 'userId',
    options: true,
  },
  'commerce-sync': {
    about: "Read what has changed of a user's accounts since they were last read",
    queue: 'commerce_backfill_queue',
    ids: 'userId',
    preset: { kind: 'incremental' },
    options: true,
  },
}
