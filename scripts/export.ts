import type { Command } from 'commander'
import { exportTables, PARTS } from '../backend/export'
import { sources } from '../backend/sources'
import type { Context } from './cli/context'
import { type ExportOptions, runExport } from './cli/export-run'
import { createProgram, main } from './cli/main'

const NOTES = `
Parts of a job: ${Object.keys(PARTS).join(', ')}. Tables hold the rows of all jobs. Without <what>, the tables are listed.

csv      null is empty and an empty string is "", as Postgres' copy reads it. Text is not changed, so import it into a spreadsheet
         as text: there a cell that begins with = + - @ is a formula
ndjson   one JSON object per line; json: one array. Numbers keep all digits, also above 2^53, where JavaScript's JSON.parse rounds
parquet  typed columns: 64-bit numbers, decimals, microseconds UTC, JSON; lists are JSON`

const list = (text: string): string[] => text.split(',').map((name) => name.trim())
const collect = (text: string, before: string[] = []): string[] => [...before, text]

/** `yarn export`: writes rows of the database to a file or a pipe. */
export function build(context: Context): Command {
  return createProgram('yarn export', 'Exports a table of a source, or a part of a job, as CSV, NDJSON, JSON or Parquet.', context)
    .argument('[what]', `a table, or ${Object.keys(PARTS).join(', ')} with --job`)
    .option('--job <id>', 'the job to export a part of')
    .option('--out <file>', 'file to write; - is standard output', '-')
    .option('--format <name>', 'csv, ndjson, json or parquet (default: by the extension of the file, csv for standard output)')
    .option('--columns <names>', 'only these, in this order, separated by commas', list)
    .option('--where <condition>', 'only rows where column=value (or != < <= > >=); can be repeated', collect)
    .option('--from-date <date>', 'only rows from this day (UTC) or time on')
    .option('--to-date <date>', 'only rows up to this day (UTC) or time')
    .option('--date-column <name>', 'the column that the dates apply to (default: the first date or time column)')
    .option('--force', 'replace an existing file')
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
