import type { Command } from '../../contract'

/** `yarn queue districts`. */
export const commands: Record<string, Command> = {
  districts: { about: 'Backfill district statistics of a range of dates', queue: 'districts_backfill_queue', options: true },
}
