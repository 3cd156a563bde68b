import { Refused } from '../../backend/base/errors'
import type { Json } from '../../backend/base/json'
import {
  addSchedule,
  changeSchedule,
  getSchedule,
  listSchedules,
  pauseSchedule,
  removeSchedule,
  resumeSchedule,
  runSchedule,
  type Schedule,
  type ScheduleChange,
} from '../../backend/service/schedules/schedules'
import { act } from '../../backend/service/suite/actions'
import { sources } from '../../backend/sources'
import { actor } from './actor'
import type { Context } from './context'
import { printJobs } from './print-jobs'
import { cut, moment, shortId, table, toJson } from './text'

export interface ScheduleOptions {
  name?: string
  cron?: string
  source?: string
  params?: string
  timeZone?: string
  jitter?: string
  missed?: string
  priority?: string
  json?: boolean
}

/** Fields of a schedule by the flag that sets them. */
const FLAGS: Record<string, string> = {
  timeZone: '--time-zone',
  jitterS: '--jitter',
  missed: '--missed',
  cron: '--cron',
  priority: '--priority',
}

/** Runs a verb and records who did it; an error names the flag. */
async function runVerb<T>(context: Context, verb: string, target: string, detail: object, work: () => Promise<T>): Promise<T> {
  try {
    return await act(context.service(sources), actor(), `schedule.${verb}`, target, detail as Json, work)
  } catch (error) {
    const flag = error instanceof Refused && error.field ? FLAGS[error.field] : undefined
    if (!(error instanceof Refused) || !flag) throw error
    throw new Refused(error.code, error.message.replace(new RegExp(`^${error.field}:? `), `${flag}: `), error.field)
  }
}

/** @throws {Refused} `input` for a flag that cannot be read */
function given(options: ScheduleOptions): ScheduleChange {
  const { name, cron, source, timeZone, jitter, missed, priority } = options
  const fields = {
    name,
    cron,
    source,
    timeZone,
    params: options.params === undefined ? undefined : readJson(options.params),
    jitterS: jitter === undefined ? undefined : Number(jitter || Number.NaN),
    missed: missed === 'make-up' ? 'make_up' : (missed as ScheduleChange['missed']),
    priority: priority as ScheduleChange['priority'],
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Refused('input', `--params is not valid JSON (${(error as SyntaxError).message}).`, 'params')
  }
}

/** `add <name>` */
export async function addOne(context: Context, name: string, options: ScheduleOptions): Promise<void> {
  const it = { ...given(options), name } as Parameters<typeof addSchedule>[1]
  print(context, await runVerb(context, 'add', name, it, () => addSchedule(context.service(sources), it)), options)
}

/** `change <name>` */
export async function changeOne(context: Context, name: string, options: ScheduleOptions): Promise<void> {
  const change = given(options)
  if (Object.keys(change).length === 0)
    throw new Refused('input', 'Nothing to change: no option was given. See yarn schedule change --help.')
  print(context, await runVerb(context, 'change', name, change, () => changeSchedule(context.service(sources), name, change)), options)
}

/** `show <name>` */
export async function showOne(context: Context, name: string, options: ScheduleOptions): Promise<void> {
  print(context, await getSchedule(context, name), options)
}

/** `pause <name>`, `resume <name>` */
export async function setPaused(context: Context, name: string, paused: boolean, options: ScheduleOptions): Promise<void> {
  const change = paused ? pauseSchedule : resumeSchedule
  print(context, await runVerb(context, paused ? 'pause' : 'resume', name, {}, () => change(context, name)), options)
}

/** `remove <name>` */
export async function removeOne(context: Context, name: string, options: ScheduleOptions): Promise<void> {
  const removed = await runVerb(context, 'remove', name, {}, () => removeSchedule(context, name))
  context.terminal.out(options.json ? toJson(removed) : `schedule ${removed.name} is removed; jobs it started are not affected`)
}

/** `run <name>` */
export async function runOne(context: Context, name: string, options: ScheduleOptions): Promise<void> {
  const { broker, ...job } = await runVerb(context, 'run', name, {}, () => runSchedule(context.service(sources), name))
  await printJobs(context, { jobs: [job], broker }, options.json)
}

/** `list` */
export async function listAll(context: Context, options: ScheduleOptions): Promise<void> {
  const { terminal } = context
  const schedules = await listSchedules(context)
  if (options.json) terminal.out(toJson(schedules))
  else if (schedules.length === 0)
    terminal.out(
      `No schedules. Add one with yarn schedule add <name> --cron "0 3 * * *" --source eve --params '{"characterId": 2117325769}'`,
    )
  else {
    const head = ['schedule', 'cron', 'time zone', 'source', 'next job (UTC)', 'last tick (UTC)', 'last job', '']
    terminal.out(table(head, schedules.map(rowOf)))
  }
}

const utc = (at: string | null): string => (at ? moment(new Date(at)) : '')

const rowOf = (it: Schedule): string[] => [
  it.name,
  it.cron,
  it.timeZone,
  it.source,
  it.paused ? 'paused' : utc(it.nextAt),
  utc(it.lastAt),
  it.lastJob ? shortId(it.lastJob) : '',
  cut(it.error ?? '', 80),
]

function print({ terminal }: Context, it: Schedule, options: ScheduleOptions): void {
  if (options.json) {
    terminal.out(toJson(it))
    return
  }
  const facts: [string, string][] = [
    ['schedule', it.name],
    ['request', `${it.source} ${JSON.stringify(it.params)}`],
    ['cron', `${it.cron} in ${it.timeZone}${it.jitterS > 0 ? `, each job up to ${it.jitterS} s after its tick` : ''}`],
    ['missed ticks', it.missed === 'skip' ? 'skipped' : 'made up'],
    ['priority', it.priority],
    ['next job', it.paused ? `paused; to continue: yarn schedule resume ${it.name}` : `${utc(it.nextAt)} UTC`],
    ['next ticks', it.upcoming.map((tick) => `${utc(tick)} UTC`).join(`\n${' '.repeat(14)}`)],
    ['last tick', it.lastAt ? `${utc(it.lastAt)} UTC` : 'none'],
    ['last job', it.lastJob ? shortId(it.lastJob) : 'none'],
    ...(it.error ? [['error', it.error] as [string, string]] : []),
  ]
  terminal.out(facts.map(([name, value]) => `${name.padEnd(12)}  ${value}`).join('\n'))
}
