import { defineSource } from '../../contract'
import { handles, pds, plc, relay as relayApi } from './apis'
import { commands } from './commands'
import { failures } from './failures'
import { label } from './label'
import { type AtprotoParams, params } from './params'
import { plan } from './plan'
import { routes } from './routes'
import { settings } from './settings'
import { collections } from './streams/collections'
import { INACTIVE } from './streams/discovery'
import { host } from './streams/host'
import { hosts } from './streams/hosts'
import { late } from './streams/late'
import { named } from './streams/named'
import { relay } from './streams/relay'
import { repo } from './streams/repo'

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
  apis: { relay: relayApi, plc, pds, handles },
  streams: { collections, relay, hosts, host, named, repo, late },
  failures,
  missing: { kinds: [INACTIVE] },
  commands,
  workers: { 'worker-atproto': { queues: ['atproto_backfill_queue'], concurrency: 25 } },
  // The seed of this source works on one job after the other.
  jobsAtOnce: { setting: 'ATPROTO_JOBS' },
  routes,
  plan,
})
