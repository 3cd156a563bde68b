import type { Command } from 'commander'
import { JOB_SORTS, JOB_VERBS, LOG_LEVELS } from '../backend/base/vocabulary'
import { progress } from '../backend/engine/jobs/progress'
import { findJob, report } from '../backend/engine/jobs/verbs'
import { askedOf } from '../backend/service/base/registry'
import { sources } from '../backend/sources'
import type { Context } from './cli/context'
import { showFailures } from './cli/jobs-failures'
import { type ListOptions, listJobs } from './cli/jobs-list'
import { type LogOptions, showLog } from './cli/jobs-log'
import { type ShowOptions, showJob } from './cli/jobs-show'
import { doVerb, VERBS, type VerbOptions } from './cli/jobs-verbs'
import { createProgram, main } from './cli/main'
import { follow } from './cli/print-jobs'
import { reportText } from './cli/report-text'
import { wordOptions } from './cli/source-words'
import { toJson } from './cli/text'

const JSON_OPTION = ['--json', 'print JSON only'] as const

/** `yarn jobs`: shows and controls jobs. */
export function build(context: Context): Command {
  const program = createProgram('yarn jobs', 'Shows and controls jobs. An id can be shortened to its first four characters.', context)
  program
    .command('list')
    .description('list jobs, newest first unless another order is asked for')
    .option('--status <names>', 'only jobs with these statuses, separated by commas')
    .option('--source <name>', 'only jobs of this source')
    .option('--kind <name>', 'only jobs of this kind')
    .option('--search <text>', 'only jobs with this text in label, params, error, source or at the beginning of the id')
    .option('--since <moment>', 'only jobs created at this moment or later')
    .option('--until <moment>', 'only jobs created before this moment')
    .option('--sort <order>', JOB_SORTS.join(', '), 'newest')
    .option('--limit <n>', 'maximum number of jobs', '20')
    .option(...JSON_OPTION)
    .action((options: ListOptions) => listJobs(context, options))
  program
    .command('show <id>')
    .description('show the progress of a job and what it waits for')
    .option('--tasks', 'list its tasks')
    .option('--lanes', 'show the progress of each lane: host, account, item, as its source has it')
    .option('--rejects', 'list the records it rejected')
    .option(...JSON_OPTION)
    .action((id: string, options: ShowOptions) => showJob(context, id, options))
  program
    .command('failures <id>')
    .description('show the failures of a job by cause, and whether a retry helps')
    .option(...JSON_OPTION)
    .action((id: string, options: { json?: boolean }) => showFailures(context, id, options))
  program
    .command('logs <id>')
    .description('show the log lines of a job')
    .option('--follow', 'go on until the job has ended')
    .option('--level <level>', `only this level and worse: ${LOG_LEVELS.join(', ')}`)
    .option('--grep <text>', 'only lines that contain this text')
    .option('--limit <n>', 'maximum number of lines, the last ones', '200')
    .option(JSON_OPTION[0], 'print one JSON document a line')
    .action((id: string, options: LogOptions) => showLog(context, id, options))
  program
    .command('watch <ids...>')
    .description('follow jobs until they end; exit 0 only if all completed')
    .option('--lookups', 'also wait until all their lookups are answered')
    .option(...JSON_OPTION)
    .action((ids: string[], options: WatchOptions) => watch(context, ids, options))
  program
    .command('report <id>')
    .description('show what a job found; exit 1 unless it is verified')
    .option(...JSON_OPTION)
    .action((id: string, options: { json?: boolean }) => showReport(context, id, options))
  for (const name of JOB_VERBS) {
    const command = program
      .command(`${name} <ids...>`)
      .description(VERBS[name].about)
      .option(...JSON_OPTION)
      .action((ids: string[], options: VerbOptions) => doVerb(context, name, ids, options))
    if (name === 'retry') {
      command
        .option(
          '--missing',
          'also what is missing: tasks that found nothing, whose end proves nothing, and what the source finds is not stored',
        )
        .option('--group <id>', 'only tasks that failed for this cause: yarn jobs failures lists them')
        .option('--task <id>', 'only this task')
        .option('--stream <name>', 'only failed tasks of this stream')
        .option('--lane <name>', 'only failed tasks of this lane')
        .option('--row <label>', 'only failed tasks in this row of the grid')
        .option('--column <label>', 'only failed tasks in this column of the grid')
      for (const { flag, about } of wordOptions(sources)) command.option(flag, about)
    }
  }
  return program
}

interface WatchOptions {
  json?: boolean
  lookups?: boolean
}

async function watch(context: Context, given: readonly string[], options: WatchOptions): Promise<void> {
  const ids: string[] = []
  for (const id of given) ids.push((await findJob({ db: context.db }, id)).id)
  const reports = await follow(context, [...new Set(ids)], options)
  if (options.json) context.terminal.out(toJson(reports))
}

async function showReport(context: Context, id: string, options: { json?: boolean }): Promise<void> {
  const written = await report({ db: context.db }, id)
  const [now] = await progress(context.db, [written.job])
  // Lookups go on after the report was written.
  const found = { ...written, lookups: now?.lookups ?? written.lookups }
  context.terminal.out(
    options.json
      ? toJson(found)
      : reportText({ ...found, params: askedOf(sources, found) }, sources.find(({ name }) => name === found.source)?.counters),
  )
  if (!found.verified) context.exitCode = 1
}

if (require.main === module) void main(build)
