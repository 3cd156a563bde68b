import type { Command, CommandOption } from '../../contract'

const options: CommandOption[] = [
  { flags: '--from-date <date>', about: 'only killmails of this day (UTC) and later', path: 'options.fromDate', kind: 'date' },
  { flags: '--to-date <date>', about: 'only killmails of this day (UTC) and earlier', path: 'options.toDate', kind: 'date' },
  { flags: '--max-pages <n>', about: 'stop after n counted pages (see --limit)', path: 'options.maxPages', kind: 'integer' },
  { flags: '--limit <n>', about: 'killmails per counted page, 1 to 200 (100 unless told)', path: 'options.limit', kind: 'integer' },
  { flags: '--kills', about: 'only killmails where it attacked', path: 'options.kills', kind: 'flag' },
  { flags: '--losses', about: 'only killmails where it was the victim', path: 'options.losses', kind: 'flag' },
  {
    flags: '--no-skip-existing',
    about: 'write killmails again that are already here, and ask again for those that ESI refused',
    path: 'options.skipExisting',
    kind: 'negated',
  },
]

const backfill = (kind: string): Command => ({
  about: `Backfill the killmails of one or more ${kind}s`,
  queue: 'zkillboard_backfill_queue',
  ids: { field: `${kind}Id`, label: `${kind}Id` },
  options,
})

const enrich = (kind: 'character' | 'corporation' | 'alliance' | 'type'): Command => ({
  about: `Fetch name and details of one or more ${kind}s`,
  queue: `esi_${kind}_info_queue`,
  ids: { field: 'ids', label: `${kind}Id` },
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
    ids: { field: 'characterId', label: 'characterId' },
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
