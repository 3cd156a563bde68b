import type { Command } from '../../contract'

const backfill = (kind: string): Command => ({
  about: `Backfill the killmails of one or more ${kind}s`,
  queue: 'zkillboard_backfill_queue',
  ids: `${kind}Id`,
  options: true,
})

const enrich = (kind: 'character' | 'corporation' | 'alliance' | 'type'): Command => ({
  about: `Fetch name and details of one or more ${kind}s`,
  queue: `esi_${kind}_info_queue`,
  priority: 1,
  lookup: kind,
})

/** `yarn queue:<name>` of this source. */
export const commands: Record<string, Command> = {
  'character-killmails': backfill('character'),
  'corporation-killmails': backfill('corporation'),
  'alliance-killmails': backfill('alliance'),
  zkillboard: {
    about: 'Fetch the recent killmails of one or more characters',
    queue: 'zkillboard_character_queue',
    ids: 'characterId',
    priority: 0,
  },
  'killmail-values': {
    about: 'Fill the ISK values of killmails stored without them',
    queue: 'zkillboard_backfill_queue',
    preset: { values: true },
  },
  character: enrich('character'),
  corporation: enrich('corporation'),
  alliance: enrich('alliance'),
  type: enrich('type'),
}
