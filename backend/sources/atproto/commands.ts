import type { Command } from '../../contract'

/** `yarn queue:atproto`. */
export const commands: Record<string, Command> = {
  atproto: {
    about: 'Backfill the records of a collection from every PDS, or from the repos named',
    queue: 'atproto_backfill_queue',
    options: [
      { flags: '--collection <nsid>', about: 'only these records; without it all uploaded lexicons', path: 'collection', kind: 'text' },
      { flags: '--did <names...>', about: 'only these repos: DIDs or handles', path: 'dids', kind: 'list' },
      { flags: '--pds <hosts...>', about: 'every repo of these hosts, without a relay', path: 'pds', kind: 'list' },
      {
        flags: '--discovery <how>',
        about: "relay: by the relay's index; hosts: every repo of every host it knows",
        path: 'discovery',
        kind: 'text',
      },
      {
        flags: '--method <method>',
        about: 'list: pages; car: each repo whole; auto: the cheaper one for each repo',
        path: 'method',
        kind: 'text',
      },
      { flags: '--new-only', about: 'only repos the relay has listed since the last run', path: 'newOnly', kind: 'flag' },
      { flags: '--validate', about: 'set aside records that do not fit their lexicon', path: 'validate', kind: 'flag' },
    ],
  },
}
