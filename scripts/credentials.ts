import type { Command } from 'commander'
import { listSealed, rotate } from '../backend/service/credentials/rotate'
import { sources } from '../backend/sources'
import { actor } from './cli/actor'
import type { Context } from './cli/context'
import { createProgram, main } from './cli/main'
import { table, toJson } from './cli/text'

interface Options {
  json?: boolean
}

/** `yarn credentials`: which key of TOKEN_KEY seals the stored secrets, and sealing them with a new one. */
export function build(context: Context): Command {
  const program = createProgram('yarn credentials', 'Lists and rotates the keys that seal stored tokens and secrets.', context)
  program
    .command('keys')
    .description('show how many secrets each key seals')
    .option('--json', 'print JSON only')
    .action((options: Options) => keys(context, options))
  program
    .command('rotate')
    .description('seal every secret again with the first key of TOKEN_KEY')
    .option('--json', 'print JSON only')
    .action((options: Options) => seal(context, options))
  return program
}

async function keys({ config, db, terminal }: Context, { json }: Options): Promise<void> {
  const { keyIds } = config.sealer
  const rows = await listSealed({ db })
  if (json) return terminal.out(toJson({ keys: keyIds, secrets: rows }))
  if (rows.length === 0) return terminal.out('No secrets are stored.')
  const placeOf = (key: string) => (keyIds.includes(key) ? `${keyIds.indexOf(key) + 1}` : 'missing')
  const cells = rows.map(({ name, key, secrets }) => [name, key ?? 'not sealed', key === null ? '' : placeOf(key), secrets])
  terminal.out(table(['secret', 'key', 'place in TOKEN_KEY', 'count'], cells))
}

async function seal(context: Context, { json }: Options): Promise<void> {
  const all = await rotate(context.service(sources), actor())
  const failed = all.filter((one) => one.failed > 0)
  if (json) context.terminal.out(toJson(all))
  else {
    const cells = all.map((one) => [one.name, one.sealed, one.current, one.failed])
    context.terminal.out(table(['secret', 'sealed again', 'already sealed', 'failed'], cells))
    for (const { error } of failed) context.terminal.err(error ?? '')
  }
  if (failed.length > 0) context.exitCode = 1
}

if (require.main === module) void main(build)
