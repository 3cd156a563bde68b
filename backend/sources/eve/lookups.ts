import type { Lookup } from '../../engine/source'

const lookup = (queue: Lookup['queue'], batch: number, days: number): Lookup => ({
  queue,
  batch,
  freshMs: days * 86_400_000,
  read: async () => ({ found: [], answered: [], missing: [] }),
  write: async () => undefined,
})

/** What is asked about the entities in killmails. */
export const lookups: Record<string, Lookup> = {
  character: lookup('esi_character_info_queue', 1000, 1),
  corporation: lookup('esi_corporation_info_queue', 20, 1),
  alliance: lookup('esi_alliance_info_queue', 20, 1),
  type: lookup('esi_type_info_queue', 20, 30),
}
