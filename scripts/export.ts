import type { Command } from 'commander'
import { exportTables, PARTS } from '../backend/export'
import { sources } from '../backend/sources'
import type { Context } from './cli/context'
import { type ExportOptions, runExport } from './cli/export-run'
import { createProgram, main } from './cli/main'

const NOTES = `
Of a job: ${Object.keys(PARTS).join(', ')}. Tables hold what all jobs found together; without <what> they are listed.

csv      null is nothing, an empty string is "", as Postgres' copy reads it; texts are not changed, so let a spreadsheet import
         them as text: one that begins with = + - @ is a formula to it
ndjson   a JSON object a line; json: one array. Numbers keep all their digits, also above 2^53, where JavaScript's JSON.parse rounds
parquet  typed columns: 64-bit numbers, decimals, microseconds UTC, JSON; lists are JSON`

const list = (text: string): string[] => text.split(',').map((name) => name.trim())
const collect = (text: string, before: string[] = []): string[] => [...before, text]

/** `yarn export`: rows out of the database into a file or a pipe. */
export function build(context: Context): Command {
  return createProgram('yarn export', 'Writes a table of a source, or what is kept of a job, as CSV, NDJSON, JSON or Parquet.', context)
    .argument('[what]', `a table, or ${Object.keys(PARTS).join(', ')} with --job`)
    .option('--job <id>', 'the job whose report, tasks, rejects or lookups are wanted')
    .option('--out <file>', 'where to; - is stdout', '-')
    .option('--format <name>', "csv, ndjson, json or parquet; the file's ending tells, stdout is csv")
    .option('--columns <names>', 'only these, in this order, separated by commas', list)
    .option('--where <condition>', 'only rows where column=value (or != < <= > >=); may be given again', collect)
    .option('--from-date <date>', 'only rows of this day (UTC) or moment and later')
    .option('--to-date <date>', 'only rows of this day (UTC) or moment and earlier')
    .option('--date-column <name>', 'the column these dates are about; the first one that holds a moment unless told')
    .option('--force', 'replace a file that is there already')
    .addHelpText('after', NOTES)
    .action((what: string | undefined, options: ExportOptions) =>
      what === undefined && options.job === undefined ? listTables(context) : runExport(context, what ?? 'report', options),
    )
}

async function listTables({ db, terminal }: Context): Promise<void> {
  const tables = Object.values(await exportTables(db, sources)).flat()
  terminal.out([...tables, ...Object.keys(PARTS).map((part) => `${part} --job <id>`)].join('\n'))
}

if (require.main === module) void main(build)
