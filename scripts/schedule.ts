import type { Command } from 'commander'
import type { Context } from './cli/context'
import { createProgram, main } from './cli/main'
import { addOne, changeOne, listAll, removeOne, runOne, type ScheduleOptions, setPaused, showOne } from './cli/schedule-verbs'

const JSON_OPTION = ['--json', 'print JSON and nothing else'] as const

const NOTES = `
Cron has five fields (minute hour day month weekday), six with seconds first, or is @hourly, @daily, @weekly, @monthly, @yearly; L is the last day,
MON#1 the first Monday, "1 * +MON" both at once. It is read in its time zone. On days when clocks change, one time of day runs once; lists and
steps of hours go on in real time.

A tick that no scheduler was there to start within 60 s is missed. skip leaves it out; make-up starts a job for each, in order, at
most the latest 100. A tick whose job is still active from before finds that job and starts no other.`

/** `yarn schedule`: backfills started by the clock. */
export function build(context: Context): Command {
  const program = createProgram('yarn schedule', 'Starts backfills by the clock. The scheduler has to run.', context).addHelpText(
    'after',
    NOTES,
  )
  rhythm(program.command('add <name>').description('add a schedule'))
    .requiredOption('--cron <fields>', 'when, for example "0 3 * * *"')
    .requiredOption('--source <name>', 'what is backfilled from')
    .action((name: string, options: ScheduleOptions) => addOne(context, name, options))
  rhythm(program.command('change <name>').description('change what is given'))
    .option('--name <name>', 'another name')
    .option('--cron <fields>', 'when')
    .option('--source <name>', 'what is backfilled from')
    .action((name: string, options: ScheduleOptions) => changeOne(context, name, options))
  program
    .command('list')
    .description('schedules by name')
    .option(...JSON_OPTION)
    .action((options: ScheduleOptions) => listAll(context, options))
  for (const [verb, about, act] of [
    ['show', 'one schedule with its next five ticks', showOne],
    ['pause', 'let no tick start anything', (it: Context, name: string, options: ScheduleOptions) => setPaused(it, name, true, options)],
    ['resume', 'go on with the next tick', (it: Context, name: string, options: ScheduleOptions) => setPaused(it, name, false, options)],
    ['remove', 'remove a schedule; the jobs it started stay', removeOne],
    ['run', 'start its job now, besides its ticks', runOne],
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
    .option('--params <json>', 'what is backfilled, as the source takes it, for example \'{"characterId": 2117325769}\'')
    .option('--time-zone <name>', 'IANA name the cron is read in (UTC)')
    .option('--jitter <seconds>', 'start at a random moment within so many seconds after each tick (0)')
    .option('--missed <how>', 'skip or make-up (skip)')
    .option('--priority <name>', 'live, asked or backfill (backfill)')
    .option(...JSON_OPTION)

if (require.main === module) void main(build)
