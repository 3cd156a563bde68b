import { defineSource } from '../../contract'
import { toastmasters as api } from './apis'
import { commands } from './commands'
import { advice, counters } from './counters'
import { failures } from './failures'
import { type BackfillParams, label, message, params } from './params'
import { settings } from './settings'

/** What runs jobs; most commands do without it. */
const parts = () => require('./parts') as typeof import('./parts')
/** Only the API serves them. */
const served = () => require('./routes') as typeof import('./routes')

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
  get streams() {
    return parts().streams
  },
  counters,
  advice,
  get checks() {
    return parts().checks
  },
  failures,
  get missing() {
    return parts().missing
  },
  commands,
  workers: { 'worker-districts': { queues: ['districts_backfill_queue'], concurrency: 4 } },
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
})
