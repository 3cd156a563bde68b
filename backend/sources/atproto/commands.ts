import type { Command } from '../../contract'

/** `yarn queue atproto`. */
export const commands: Record<string, Command> = {
  atproto: {
    about: 'Backfill the records of a collection from every PDS, or from the repos named',
    queue: 'atproto_backfill_queue',
    options: true,
  },
}
