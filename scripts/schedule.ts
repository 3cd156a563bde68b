import type { Command } from 'commander'
import type { Context } from './cli/context'
import { createProgram, main } from './cli/main'
import { addOne, changeOne, listAll, removeOne, runOne, type ScheduleOptions, setPaused, showOne } from './cli/schedule-verbs'

const JSON_OPTION = ['--json', 'print JSON only'] as const

const NOTES = `
A cron expression has five fields (minute hour day month weekday), six with seconds first, or is @hourly, @daily, @weekly, @monthly or
@yearly. L is the last day, MON#1 the first Monday; "1 * +MON" needs both to match. Times are in the time zone of the schedule. When clocks
change, a fixed time of day runs exactly once; lists and steps of hours follow real time.

A tick that no scheduler starts within 60 s is missed. --missed skip ignores it; --missed make-up starts a job for each missed tick, in
order, at most the latest 100. A tick starts no job while the job of an earlier tick is still active.`

/** `yarn schedule`: backfills at fixed times. */
export function build(context: Context): Command {
  const program = createProgram('yarn schedule', 'Starts backfills at fixed times. The scheduler must be running.', context).addHelpText(
    'after',
    NOTES,
  )
  rhythm(program.command('add <name>').description('add a schedule'))
    .requiredOption('--cron <fields>', 'cron expression, for example "0 3 * * *"')
    .requiredOption('--source <name>', 'source to backfill from')
    .action((name: string, options: ScheduleOptions) => addOne(context, name, options))
  rhythm(program.command('change <name>').description('change a schedule; options that are not given stay'))
    .option('--name <name>', 'new name')
    .option('--cron <fields>', 'cron expression')
    .option('--source <name>', 'source to backfill from')
    .action((name: string, options: ScheduleOptions) => changeOne(context, name, options))
  program
    .command('list')
    .description('list schedules by name')
    .option(...JSON_OPTION)
    .action((options: ScheduleOptions) => listAll(context, options))
  for (const [verb, about, act] of [
    ['show', 'show a schedule and its next five ticks', showOne],
    [
      'pause',
      'start no jobs until the schedule is resumed',
      (it: Context, name: string, options: ScheduleOptions) => setPaused(it, name, true, options),
    ],
    ['resume', 'continue with the next tick', (it: Context, name: string, options: ScheduleOptions) => setPaused(it, name, false, options)],
    ['remove', 'remove a schedule; jobs it started are not affected', removeOne],
    ['run', 'start its job now, in addition to its ticks', runOne],
  ] as const) {
    program
      .command(`${verb} <name>`)
      .description(about)
      .option(...JSON_OPTION)
      .action((name: string, options: ScheduleOptions) => act(context, name, options))
  }
  return program
}

const rhythm = (command: Command): Command =>
  command
    .option('--params <json>', 'parameters of the source as JSON, for example \'{"characterId": 2117325769}\'')
    .option('--time-zone <name>', 'IANA time zone of the cron expression (default: UTC)')
    .option('--jitter <seconds>', 'start each job at a random moment up to this many seconds after its tick (default: 0)')
    .option('--missed <how>', 'skip or make-up (default: skip)')
    .option('--priority <name>', 'live, asked or backfill (default: backfill)')
    .option(...JSON_OPTION)

if (require.main === module) void main(build)
