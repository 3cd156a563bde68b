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

/** `yarn refusals`: ids that an upstream refused and that are not requested again for a while. */
export function build(context: Context): Command {
  const kinds = [...refusalKinds(sources).keys()].join(', ')
  const program = createProgram(
    'yarn refusals',
    'Lists and clears refusals: ids that an upstream refused twice and that are not requested for a while.',
    context,
  )
  program
    .command('list')
    .description('list refusals in force')
    .option('--kind <kind>', `only refusals of this kind: ${kinds}`)
    .option('--limit <n>', 'maximum number of refusals', '100')
    .option('--json', 'print JSON only')
    .action((options: Options) => list(context, options))
  program
    .command('forget <kind> [ids...]')
    .description('request ids again: lookups at once, killmails when the next backfill finds them')
    .option('--all', 'all refusals of this kind')
    .option('--json', 'print JSON only')
    .action((kind: string, ids: string[], options: Options) => take(context, kind, ids, options))
  return program
}

async function list({ db, terminal }: Context, { kind, limit, json }: Options): Promise<void> {
  const rows = await listRefusals(db, sources, { kind, limit: parseCount(limit, '--limit') })
  if (json) return terminal.out(toJson(rows))
  if (rows.length === 0) return terminal.out(`No ${kind ? `${kind} ` : ''}refusals.`)
  const cells = rows.map((row) => [row.kind, row.id, row.refusedAt ? moment(row.refusedAt) : '', moment(row.until), cut(row.reason, 80)])
  terminal.out(table(['kind', 'id', 'refused (UTC)', 'next try (UTC)', 'reason'], cells))
}

async function take(context: Context, kind: string, ids: string[], { all, json }: Options): Promise<void> {
  if (ids.length > 0 === (all === true)) {
    throw new Refused(
      'input',
      `Give ids or --all, not both: yarn refusals forget ${kind} <id...>, or yarn refusals forget ${kind} --all.`,
      'ids',
    )
  }
  const forgotten = await forget(context.service(sources), actor(), kind, all ? { all } : { ids })
  context.terminal.out(json ? toJson({ forgotten }) : `${counted(forgotten, 'refusal')} forgotten.`)
}

if (require.main === module) void main(build)
