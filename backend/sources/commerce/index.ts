import { defineSource } from '../../contract'
import { accounts } from './accounts'
import { commands } from './commands'
import { stageLabel } from './entities'
import { failures } from './failures'
import { hooks } from './hooks'
import { missing } from './missing'
import { type CommerceParams, label, params, paramsOf } from './params'
import { plan } from './plan'
import { allOf, PLATFORM_PARTS } from './platforms'
import { prepare } from './prepare'
import { preview } from './preview'
import { routes } from './routes'
import { settings } from './settings'
import { PLATFORMS } from './store/records'
import { retention } from './store/retention'
import { endStream } from './streams/end'
import { rollUpStream } from './streams/roll-up'

const PRIORITY = { incremental: 0, roll_up: 1, backfill: 2 } as const

const parts = PLATFORMS.map((platform) => ({ platform, ...PLATFORM_PARTS[platform] }))

/** Orders, listings, payments and customers of connected shops. */
export const commerce = defineSource<CommerceParams>({
  name: 'commerce',
  about: 'Orders, listings, payments and customers of connected shops (Etsy, Shopify, Printify)',
  requests: {
    commerce_backfill_queue: params,
    ...Object.fromEntries(parts.map(({ platform, queue }) => [queue, paramsOf(platform)])),
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
  credentials: allOf('credentials'),
  accounts,
  streams: {
    ...allOf('streams'),
    ...Object.fromEntries(parts.map(({ platform, queue }) => [`${platform}_end`, endStream(queue)])),
    roll_up: rollUpStream,
  },
  counters: { days_computed: 'Days whose figures were computed.' },
  failures,
  missing,
  commands,
  workers: Object.fromEntries(
    parts.map(({ platform, queue }) => [`worker-${platform}`, { queues: ['commerce_backfill_queue', queue], concurrency: 4 }]),
  ),
  // More than the workers have places for: users share a day's budget, not places, and one who waits for a place has no share.
  jobsAtOnce: { setting: 'COMMERCE_JOBS' },
  routes,
  retention,
  prepare,
  plan,
  preview,
  ...hooks,
})
