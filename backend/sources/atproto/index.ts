import { defineSource } from '../../contract'
import { handles, pds, plc, relay } from './apis'
import { commands } from './commands'
import { failures } from './failures'
import { label } from './label'
import { type AtprotoParams, params } from './params'
import { settings } from './settings'

/** What runs jobs; most commands do without it. */
const parts = () => require('./parts') as typeof import('./parts')
/** Only the API serves them. */
const served = () => require('./routes') as typeof import('./routes')

/** Records of AT Protocol repos, from every PDS. */
export const atproto = defineSource<AtprotoParams>({
  name: 'atproto',
  about: 'AT Protocol records of a collection from every PDS (relay, PLC directory)',
  requests: { atproto_backfill_queue: params },
  params,
  label,
  example: { collection: 'games.sandbox.game' },
  lanes: { one: 'host', many: 'hosts' },
  settings,
  apis: { relay, plc, pds, handles },
  get streams() {
    return parts().streams
  },
  failures,
  get missing() {
    return parts().missing
  },
  commands,
  workers: { 'worker-atproto': { queues: ['atproto_backfill_queue'], concurrency: 25 } },
  // The seed of this source works on one job after the other.
  jobsAtOnce: { setting: 'ATPROTO_JOBS' },
  get routes() {
    return served().routes
  },
  get plan() {
    return parts().plan
  },
})
