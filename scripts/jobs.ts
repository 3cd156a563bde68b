import type { Command } from 'commander'
import { JOB_SORTS, JOB_VERBS, type JobVerb, LOG_LEVELS } from '../backend/base/vocabulary'
import { sources } from '../backend/sources'
import type { Context } from './cli/context'
import type { ListOptions } from './cli/jobs-list'
import type { LogOptions } from './cli/jobs-log'
import type { ShowOptions } from './cli/jobs-show'
import type { VerbOptions } from './cli/jobs-verbs'
import type { WatchOptions } from './cli/jobs-watch'
import { createProgram, main } from './cli/main'
import { wordOptions } from './cli/source-words'

const JSON_OPTION = ['--json', 'print JSON only'] as const

const ABOUT: Record<JobVerb, string> = {
  pause: 'finish the pages in progress and start no new ones',
  resume: 'continue a paused job',
  cancel: 'end a job; rows it has written stay',
  acknowledge: 'note that you know that a job failed: it no longer asks for attention',
  retry: 'run the failed tasks of a job again, each from the page it reached',
}

/* Each command loads what it does when it is run: together they take longer to load than one of them takes to run. */
const lists = () => require('./cli/jobs-list') as typeof import('./cli/jobs-list')
const shows = () => require('./cli/jobs-show') as typeof import('./cli/jobs-show')
const failures = () => require('./cli/jobs-failures') as typeof import('./cli/jobs-failures')
const logs = () => require('./cli/jobs-log') as typeof import('./cli/jobs-log')
const watches = () => require('./cli/jobs-watch') as typeof import('./cli/jobs-watch')
const reports = () => require('./cli/jobs-report') as typeof import('./cli/jobs-report')
const verbs = () => require('./cli/jobs-verbs') as typeof import('./cli/jobs-verbs')

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
    .action((options: ListOptions) => lists().listJobs(context, options))
  program
    .command('show <id>')
    .description('show the progress of a job and what it waits for')
    .option('--tasks', 'list its tasks')
    .option('--lanes', 'show the progress of each lane: host, account, item, as its source has it')
    .option('--rejects', 'list the records it rejected')
    .option(...JSON_OPTION)
    .action((id: string, options: ShowOptions) => shows().showJob(context, id, options))
  program
    .command('failures <id>')
    .description('show the failures of a job by cause, and whether a retry helps')
    .option(...JSON_OPTION)
    .action((id: string, options: { json?: boolean }) => failures().showFailures(context, id, options))
  program
    .command('logs <id>')
    .description('show the log lines of a job')
    .option('--follow', 'go on until the job has ended')
    .option('--level <level>', `only this level and worse: ${LOG_LEVELS.join(', ')}`)
    .option('--grep <text>', 'only lines that contain this text')
    .option('--limit <n>', 'maximum number of lines, the last ones', '200')
    .option(JSON_OPTION[0], 'print one JSON document a line')
    .action((id: string, options: LogOptions) => logs().showLog(context, id, options))
  program
    .command('watch <ids...>')
    .description('follow jobs until they end; exit 0 only if all completed')
    .option('--lookups', 'also wait until all their lookups are answered')
    .option(...JSON_OPTION)
    .action((ids: string[], options: WatchOptions) => watches().watch(context, ids, options))
  program
    .command('report <id>')
    .description('show what a job found; exit 1 unless it is verified')
    .option(...JSON_OPTION)
    .action((id: string, options: { json?: boolean }) => reports().showReport(context, id, options))
  for (const name of JOB_VERBS) {
    const command = program
      .command(`${name} <ids...>`)
      .description(ABOUT[name])
      .option(...JSON_OPTION)
      .action((ids: string[], options: VerbOptions) => verbs().doVerb(context, name, ids, options))
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

if (require.main === module) void main(build)
