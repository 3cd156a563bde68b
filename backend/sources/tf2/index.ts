import { defineSource } from '../../contract'
import { backpacktf, steam } from './apis'
import { commands } from './commands'
import { advice, counters } from './counters'
import { failures } from './failures'
import { live } from './live'
import { label, params, type Tf2Params } from './params'
import { settings } from './settings'

/** What runs jobs; most commands do without it. */
const parts = () => require('./parts') as typeof import('./parts')

/** One listing is asked for by somebody who waits; it goes ahead of whole items. */
const LIVE = 0
const BACKFILL = 2

/** Listings of Team Fortress 2 items on backpack.tf. */
export const tf2 = defineSource<Tf2Params>({
  name: 'tf2',
  about: 'Team Fortress 2 listings of an item, or one by its id (backpack.tf, Steam)',
  requests: { 'backpack-tf-backfill-requests': params },
  params,
  label,
  kinds: { names: ['full', 'buy_only', 'sell_only', 'single_id'], of: ({ request_type: type }) => type.toLowerCase() },
  priority: ({ request_type: type }) => (type === 'SINGLE_ID' ? LIVE : BACKFILL),
  example: { request_type: 'FULL', item_defindex: 190, item_quality_id: 11 },
  lanes: { one: 'item', many: 'items' },
  settings,
  apis: { backpacktf, steam },
  get streams() {
    return parts().streams
  },
  counters,
  advice,
  get feeds() {
    return parts().feeds
  },
  listeners: { 'worker-tf2-live': live },
  failures,
  commands,
  workers: {
    'worker-listings': { queues: ['backpack-tf-backfill-requests'], concurrency: 2 },
    'worker-listing-events': { queues: ['tf2_listing_events_queue'], concurrency: 1 },
  },
  get retention() {
    return parts().retention
  },
  get plan() {
    return parts().plan
  },
})
