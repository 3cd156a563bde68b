import type { Command } from '../../contract'

const ofItem = (type: string, about: string): Command => ({
  about,
  queue: 'backpack-tf-backfill-requests',
  preset: { request_type: type },
  options: true,
})

/** `yarn queue listings <what>`. */
export const commands: Record<string, Command> = {
  'listings full': ofItem('FULL', 'Backfill all listings of an item'),
  'listings buy-only': ofItem('BUY_ONLY', 'Backfill the buy orders of an item'),
  'listings sell-only': ofItem('SELL_ONLY', 'Backfill the sell orders of an item'),
  'listings single-id': {
    about: 'Refresh one or more listings by their ids',
    queue: 'backpack-tf-backfill-requests',
    preset: { request_type: 'SINGLE_ID' },
    ids: 'listing_id',
  },
}
