import { defineSource } from '../../contract'
import { commands } from './commands'
import { stageLabel } from './entities'
import { failures } from './failures'
import { type CommerceParams, label, params, paramsOf } from './params'
import { allOf, PLATFORM_PARTS } from './platforms'
import { settings } from './settings'
import { PLATFORMS } from './store/records'

const PRIORITY = { incremental: 0, roll_up: 1, backfill: 2 } as const

/** What runs jobs; most commands do without it. */
const parts = () => require('./parts') as typeof import('./parts')
/** Only the API serves them. */
const served = () => require('./routes') as typeof import('./routes')
/** People connect accounts through the API and by commands. */
const connecting = () => require('./accounts') as typeof import('./accounts')

const queues = PLATFORMS.map((platform) => ({ platform, queue: PLATFORM_PARTS[platform].queue }))

/** Orders, listings, payments and customers of connected shops. */
export const commerce = defineSource<CommerceParams>({
  name: 'commerce',
  about: 'Orders, listings, payments and customers of connected shops (Etsy, Shopify, Printify)',
  requests: {
    commerce_backfill_queue: params,
    ...Object.fromEntries(queues.map(({ platform, queue }) => [queue, paramsOf(platform)])),
  },
  params,
  label,
  kinds: { names: ['backfill', 'incremental', 'roll_up'], of: ({ kind }) => kind },
  grid: { row: 'account', column: 'entity' },
  stageLabel,
  priority: ({ kind }) => PRIORITY[kind],
  example: { userId: 'example' },
  lanes: { one: 'account', many: 'accounts' },
  settings,
  apis: allOf('apis'),
  get credentials() {
    return parts().credentials
  },
  get accounts() {
    return connecting().accounts
  },
  get streams() {
    return parts().streams
  },
  counters: { days_computed: 'Days whose figures were computed.' },
  failures,
  get missing() {
    return parts().missing
  },
  commands,
  workers: Object.fromEntries(
    queues.map(({ platform, queue }) => [`worker-${platform}`, { queues: ['commerce_backfill_queue', queue], concurrency: 4 }]),
  ),
  // More than the workers have places for: users share a day's budget, not places, and one who waits for a place has no share.
  jobsAtOnce: { setting: 'COMMERCE_JOBS' },
  get routes() {
    return served().routes
  },
  get retention() {
    return parts().retention
  },
  get prepare() {
    return parts().prepare
  },
  get plan() {
    return parts().plan
  },
  get preview() {
    return parts().preview
  },
  get started() {
    return parts().started
  },
  get joined() {
    return parts().joined
  },
  get ended() {
    return parts().ended
  },
})
