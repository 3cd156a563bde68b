import { defineSource } from '../../contract'
import { toastmasters as api } from './apis'
import { checks } from './checks'
import { commands } from './commands'
import { advice, counters } from './counters'
import { failures } from './failures'
import { missing } from './missing'
import { type BackfillParams, label, message, params } from './params'
import { plan } from './plan'
import { prepare } from './prepare'
import { preview } from './preview'
import { routes } from './routes'
import { settings } from './settings'
import { retention } from './store'
import { months } from './streams/months'
import { report } from './streams/report'
import { districts, summary } from './streams/summary'

/** Statistics of Toastmasters districts by date. */
export const toastmasters = defineSource<BackfillParams>({
  name: 'toastmasters',
  about: 'District statistics by date (Toastmasters dashboards)',
  requests: { districts_backfill_queue: message },
  params,
  label,
  grid: { row: 'district', column: 'date' },
  example: { startDate: '2024-01-30', endDate: '2024-01-31', targetDistricts: ['42'], collectionType: 'per-district' },
  lanes: { one: 'slot', many: 'slots' },
  settings,
  apis: { toastmasters: api },
  streams: { months, summary, districts, report },
  counters,
  advice,
  checks,
  failures,
  missing,
  commands,
  workers: { 'worker-districts': { queues: ['districts_backfill_queue'], concurrency: 4 } },
  routes,
  retention,
  prepare,
  plan,
  preview,
})
