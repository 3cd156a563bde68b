import { settingsReader } from '../../backend/config/config'
import type { Command, Preview, PreviewPart, Source } from '../../backend/contract'
import { type Foretold, foretell, PRIORITY } from '../../backend/engine/jobs/verbs'
import { limitsNow } from '../../backend/gate/learned'
import { effectiveLimits } from '../../backend/gate/limits'
import { estimate, limitText } from '../../backend/service/jobs/estimate'
import { sources } from '../../backend/sources'
import type { Context } from './context'
import { count, counted, duration, table, toJson } from './text'

/** Longer lists are shortened for people. */
const MAX_LINES = 20

/** Prints what the requests would read and cost; queues nothing. */
export async function printDryRun(
  context: Context,
  source: Source,
  command: Command,
  requests: readonly unknown[],
  priority: number | undefined,
  given: { json?: boolean },
): Promise<void> {
  const settings = settingsReader(context.config)
  const jobs: Foretold[] = []
  for (const request of requests) jobs.push(await foretell(() => context.db, { settings }, source, request))
  const isLive = (priority ?? command.priority ?? PRIORITY.backfill) === PRIORITY.live
  const stated = effectiveLimits(sources, context.config.limits)
  const plans = jobs.map(({ plan }) => plan)
  // A source that prepares nothing is estimated without a database, by the limits as stated.
  const it = estimate(plans, source.prepare ? await limitsNow(context.db, stated) : stated, isLive)
  const { terminal } = context
  if (given.json) {
    terminal.out(toJson({ dryRun: true, jobs: jobs.map(asJson), ...it }))
    return
  }
  for (const job of jobs.slice(0, MAX_LINES)) {
    terminal.out(`${job.plan.activeKey}: ${counted(job.plan.tasks.length, 'first task')}`)
    if (job.preview) terminal.out(previewText(job.preview))
  }
  if (jobs.length > MAX_LINES) terminal.out(`… and ${counted(jobs.length - MAX_LINES, 'more job')}`)
  const rows = it.apis.map((api) => [
    api.name,
    api.requests === null ? 'unknown' : count(api.requests),
    limitText(api.limit),
    api.leastMs === null ? 'unknown' : duration(api.leastMs),
  ])
  terminal.out(table(['API', 'requests', 'limit', 'takes at least'], rows))
  for (const note of it.notes) terminal.out(`Note: ${note}.`)
  const time = it.leastMs === null ? 'time unknown before the work starts' : `at least ${duration(it.leastMs)} at the current limits`
  terminal.out(`${counted(jobs.length, 'job')}, ${counted(it.tasks, 'first task')}, ${time}. Nothing was queued.`)
}

const asJson = ({ plan, preview }: Foretold) => ({
  activeKey: plan.activeKey,
  tasks: plan.tasks.length,
  requests: plan.estimate.requests,
  ...(preview ? { preview } : {}),
})

const READ = new Map([
  [true, 'yes'],
  [false, 'no'],
  [null, 'unknown'],
])

/** Its parts, then how many of them are read, and how much of each. */
function previewText({ unit, parts, each, isEachShown = false }: Preview): string {
  const runs = isEachShown ? parts.map((part): Run => ({ first: part, last: part, parts: 1 })) : runsOf(parts)
  const isCounted = parts.some(({ expected }) => expected !== undefined)
  const shown = runs.slice(0, MAX_LINES)
  const rows = shown.map(({ first, last, parts: length }) => {
    const name = first === last ? first.name : `${first.name} to ${last.name} (${count(length)})`
    return [
      name,
      READ.get(first.isRead) ?? '',
      ...(isCounted ? [first.expected === undefined ? '' : count(first.expected)] : []),
      whyText(first),
    ]
  })
  const hidden = runs.slice(MAX_LINES).reduce((sum, run) => sum + run.parts, 0)
  const more = hidden > 0 ? [`… and ${counted(hidden, `more ${unit}`)}`] : []
  return [
    table([unit, 'read', ...(isCounted ? ['records'] : []), 'why not'], rows),
    ...more,
    `${counted(parts.length, unit)}: ${totalsText(parts, each)}.`,
  ].join('\n')
}

interface Run {
  first: PreviewPart
  last: PreviewPart
  /** How many parts it has. */
  parts: number
}

/** Groups neighbors with the same outcome. */
function runsOf(parts: readonly PreviewPart[]): Run[] {
  const runs: Run[] = []
  for (const part of parts) {
    const run = runs.at(-1)
    if (run && run.first.isRead === part.isRead && run.first.expected === part.expected && whyText(run.first) === whyText(part)) {
      run.last = part
      run.parts++
    } else runs.push({ first: part, last: part, parts: 1 })
  }
  return runs
}

const whyText = ({ kind, reason }: PreviewPart): string => [kind, reason].filter((one) => one !== undefined).join(': ')

/** `3 to read, 2 unknown, 5 not (4 exists, 1 unavailable); 132 districts each`. */
function totalsText(parts: readonly PreviewPart[], each: Preview['each']): string {
  const skipped = parts.filter((part) => part.isRead === false)
  const unknown = parts.filter((part) => part.isRead === null).length
  const kinds = [...new Set(skipped.map((part) => part.kind ?? 'other'))]
  const byKind = kinds.map((kind) => `${count(skipped.filter((part) => (part.kind ?? 'other') === kind).length)} ${kind}`)
  const states = [
    `${count(parts.length - skipped.length - unknown)} to read`,
    ...(skipped.length > 0 ? [`${count(skipped.length)} not to read (${byKind.join(', ')})`] : []),
    ...(unknown > 0 ? [`${count(unknown)} unknown before the work starts`] : []),
  ]
  const amounts = Object.entries(each).map(([word, figure]) =>
    figure === null ? `number of ${word}s unknown before the work starts` : `${counted(figure, word)} each`,
  )
  return [states.join(', '), ...amounts].join('; ')
}
