import { defineSource } from '../../contract'
import { esi, zkillboard } from './apis'
import { commands } from './commands'
import { failures } from './failures'
import { label } from './label'
import { type EveParams, params, recentRequest } from './params'
import { settings } from './settings'

/** What runs jobs; most commands do without it. */
const parts = () => require('./parts') as typeof import('./parts')

/** Killmails of EVE Online from zKillboard and ESI, and who and what is in them. */
export const eve = defineSource<EveParams>({
  name: 'eve',
  about: 'EVE Online killmails with their characters, corporations, alliances and types (zKillboard, ESI)',
  requests: { zkillboard_backfill_queue: params, zkillboard_character_queue: recentRequest },
  priorities: { zkillboard_character_queue: 0 },
  params,
  label,
  kinds: { names: ['backfill', 'recent', 'values'], of: ({ mode }) => mode ?? 'backfill' },
  example: { characterId: 2117325769, options: { maxPages: 4 } },
  settings,
  apis: { zkillboard, esi },
  get streams() {
    return parts().streams
  },
  get lookups() {
    return parts().lookups
  },
  get refusals() {
    return parts().refusals
  },
  failures,
  commands,
  workers: {
    'worker-backfill': { queues: ['zkillboard_backfill_queue'], concurrency: 4 },
    'worker-zkillboard': { queues: ['zkillboard_character_queue'], concurrency: 2 },
    'worker-esi-character': { queues: ['esi_character_info_queue'], concurrency: 1 },
    'worker-esi-corporation': { queues: ['esi_corporation_info_queue'], concurrency: 2 },
    'worker-esi-alliance': { queues: ['esi_alliance_info_queue'], concurrency: 1 },
    'worker-esi-type': { queues: ['esi_type_info_queue'], concurrency: 2 },
  },
  get plan() {
    return parts().plan
  },
})
