import type { Command } from 'commander'
import { Refused } from '../backend/base/errors'
import { listRefusals, refusalKinds } from '../backend/engine/lookups/refusals'
import { forget } from '../backend/service/suite/refusals'
import { sources } from '../backend/sources'
import { actor } from './cli/actor'
import type { Context } from './cli/context'
import { parseCount } from './cli/jobs-list'
import { createProgram, main } from './cli/main'
import { counted, cut, moment, table, toJson } from './cli/text'

interface Options {
  kind?: string
  all?: boolean
  limit: string
  json?: boolean
}

/** `yarn refusals`: what upstreams refused, and is therefore not asked for again for a while. */
export function build(context: Context): Command {
  const kinds = [...refusalKinds(sources).keys()].join(', ')
  const program = createProgram('yarn refusals', 'What upstreams refused twice, which is left alone for a while.', context)
  program
    .command('list')
    .description('refusals in force')
    .option('--kind <kind>', `only those of this kind: ${kinds}`)
    .option('--limit <n>', 'at most so many', '100')
    .option('--json', 'print JSON and nothing else')
    .action((options: Options) => list(context, options))
  program
    .command('forget <kind> [ids...]')
    .description('ask again: for ids of a lookup at once, for a killmail when the next backfill meets it')
    .option('--all', 'all of this kind')
    .option('--json', 'print JSON and nothing else')
    .action((kind: string, ids: string[], options: Options) => take(context, kind, ids, options))
  return program
}

async function list({ db, terminal }: Context, { kind, limit, json }: Options): Promise<void> {
  const rows = await listRefusals(db, sources, { kind, limit: parseCount(limit, '--limit') })
  if (json) return terminal.out(toJson(rows))
  if (rows.length === 0) return terminal.out(`No ${kind ? `${kind} refusal` : 'refusal'} is kept.`)
  const cells = rows.map((row) => [row.kind, row.id, row.refusedAt ? moment(row.refusedAt) : '', moment(row.until), cut(row.reason, 80)])
  terminal.out(table(['kind', 'id', 'refused (UTC)', 'asked again (UTC)', 'reason'], cells))
}

async function take(context: Context, kind: string, ids: string[], { all, json }: Options): Promise<void> {
  if (ids.length > 0 === (all === true)) {
    throw new Refused('input', `Say which: yarn refusals forget ${kind} <id...>, or --all; not both.`, 'ids')
  }
  const forgotten = await forget(context.service(sources), actor(), kind, all ? { all } : { ids })
  context.terminal.out(json ? toJson({ forgotten }) : `${counted(forgotten, 'refusal')} forgotten.`)
}

if (require.main === module) void main(build)
