import { settingsReader } from '../../backend/config/config'
import type { Command, Plan, Source } from '../../backend/contract'
import type { Report } from '../../backend/engine/jobs/report'
import { PRIORITY, prepareParams, report, type Started } from '../../backend/engine/jobs/verbs'
import { limitsNow } from '../../backend/gate/learned'
import { effectiveLimits } from '../../backend/gate/limits'
import { estimate, limitText } from '../../backend/service/jobs/estimate'
import { sources } from '../../backend/sources'
import type { Context } from './context'
import { type Places, placesOf } from './places'
import { count, counted, duration, shortId, table, toJson } from './text'
import { viewFor } from './views'
import { INTERRUPTED, watchJobs } from './watch'

/** Longer lists are shortened for people. */
const MAX_LINES = 20

interface Queued {
  jobs: readonly Started[]
  /** Why no worker could be woken yet. */
  broker?: string
}

const asJson = ({ jobs, broker }: Queued, places: Places) => ({
  jobs: jobs.map((job) => ({
    id: job.id,
    status: job.status,
    created: job.created,
    activeKey: job.activeKey,
    tasks: job.tasks,
    position: places.get(job.id)?.position ?? null,
    startsInMs: places.get(job.id)?.startsInMs ?? null,
  })),
  broker: broker ?? null,
})

function jobText(job: Started, places: Places): string {
  const place = places.get(job.id)
  const turn = place ? `, ${place.text}` : ''
  if (!job.created) return `job ${shortId(job.id)} is already ${job.status} for ${job.activeKey}${turn}; --force starts another one`
  return `job ${shortId(job.id)} queued: ${job.activeKey} (${counted(job.tasks, 'task')})${turn}`
}

/** What is stored although no worker could be woken; for stderr. */
export const keptText = (broker: string, what: string): string =>
  `${broker} ${what} stored in the database; the scheduler wakes the workers once RabbitMQ is back.`

/** Prints the job of each request. */
export async function printJobs(context: Context, queued: Queued, isJson = false): Promise<void> {
  const { terminal } = context
  const { jobs, broker } = queued
  if (isJson) terminal.out(toJson(asJson(queued, await placesOf(context, jobs))))
  else {
    const shown = jobs.slice(0, MAX_LINES)
    const last = jobs.slice(MAX_LINES).at(-1)
    const places = await placesOf(context, last ? [...shown, last] : shown)
    for (const job of shown) terminal.out(jobText(job, places))
    const turn = last && places.has(last.id) ? `, the last ${places.get(last.id)?.text}` : ''
    if (last) terminal.out(`… and ${counted(jobs.length - MAX_LINES, 'more job')}${turn}. All of them: yarn jobs list`)
  }
  if (broker && !isJson) terminal.err(keptText(broker, jobs.length === 1 ? 'The job is' : `The ${jobs.length} jobs are`))
}

/** Watches the queued jobs and prints how they ended. */
export async function followJobs(context: Context, queued: Queued, given: { json?: boolean }): Promise<void> {
  const ids = [...new Set(queued.jobs.map((job) => job.id))]
  const places = given.json ? await placesOf(context, queued.jobs) : new Map()
  const reports = await follow(context, ids, { json: given.json })
  if (given.json) context.terminal.out(toJson({ ...asJson(queued, places), reports }))
}

/** Watches jobs and prints how the first of them ended; sets the exit code. @returns with `json` the reports of those that have ended */
export async function follow(context: Context, ids: readonly string[], given: { json?: boolean; lookups?: boolean }): Promise<Report[]> {
  const { terminal } = context
  const view = viewFor(terminal, given.json ?? false)
  const watched = await watchJobs(context, ids, { sources, view, withLookups: given.lookups })
  if (watched.interrupted) {
    context.exitCode = INTERRUPTED
    const names = ids.slice(0, MAX_LINES).map(shortId).join(' ')
    terminal.err(`${ids.length === 1 ? 'The job continues' : 'The jobs continue'}; to watch again: yarn jobs watch ${names}`)
    return []
  }
  const reports: Report[] = []
  const shown = given.json ? watched.jobs : watched.jobs.slice(0, MAX_LINES)
  // Lookups continue after the report was written, so their latest numbers are used.
  for (const { id, lookups } of shown) reports.push({ ...(await report({ db: context.db }, id)), lookups })
  context.exitCode = watched.jobs.every((job) => job.status === 'completed') ? 0 : 1
  if (given.json) return reports
  for (const one of reports) terminal.out(endText(one))
  const others = watched.jobs.slice(MAX_LINES)
  if (others.length > 0) terminal.out(`… and ${counted(others.length, 'more job')}: ${byStatus(others)}. See yarn jobs list`)
  return reports
}

/** `19,950 completed, 30 failed`. */
const byStatus = (jobs: readonly { status: string }[]): string =>
  [...new Set(jobs.map((job) => job.status))].map((one) => `${count(jobs.filter((job) => job.status === one).length)} ${one}`).join(', ')

function endText(it: Report): string {
  const open = it.lookups.open > 0 ? `; ${counted(it.lookups.open, 'lookup')} still open` : ''
  const [first] = it.failures
  const verdict = it.verified ? 'verified' : `not verified: ${it.reason}${first ? `; the first: ${first.task}: ${first.error}` : ''}`
  return `job ${shortId(it.job)} ${it.status} in ${duration(it.seconds * 1000)}, ${verdict}${open}. See yarn jobs report ${shortId(it.job)}`
}

/** Only a source that prepares its params needs the database. */
async function plansOf(context: Context, source: Source, requests: readonly unknown[]): Promise<Plan[]> {
  if (!source.prepare) return requests.map((request) => source.plan(request))
  const settings = settingsReader(context.config)
  const plans: Plan[] = []
  for (const request of requests) plans.push(source.plan(await prepareParams(context.db, { settings }, source, request)))
  return plans
}

/** Prints what the requests would cost; queues nothing. */
export async function printDryRun(
  context: Context,
  source: Source,
  command: Command,
  requests: readonly unknown[],
  priority: number | undefined,
  given: { json?: boolean },
): Promise<void> {
  const plans = await plansOf(context, source, requests)
  const isLive = (priority ?? command.priority ?? PRIORITY.backfill) === PRIORITY.live
  const stated = effectiveLimits(sources, context.config.limits)
  // A source that prepares nothing is estimated without a database, by the limits as stated.
  const it = estimate(plans, source.prepare ? await limitsNow(context.db, stated) : stated, isLive)
  const { terminal } = context
  if (given.json) {
    const jobs = plans.map((plan) => ({ activeKey: plan.activeKey, tasks: plan.tasks.length, requests: plan.estimate.requests }))
    terminal.out(toJson({ dryRun: true, jobs, ...it }))
    return
  }
  for (const plan of plans.slice(0, MAX_LINES)) terminal.out(`${plan.activeKey}: ${counted(plan.tasks.length, 'first task')}`)
  if (plans.length > MAX_LINES) terminal.out(`… and ${counted(plans.length - MAX_LINES, 'more job')}`)
  const rows = it.apis.map((api) => [
    api.name,
    api.requests === null ? 'unknown' : count(api.requests),
    limitText(api.limit),
    api.leastMs === null ? 'unknown' : duration(api.leastMs),
  ])
  terminal.out(table(['API', 'requests', 'limit', 'takes at least'], rows))
  for (const note of it.notes) terminal.out(`Note: ${note}.`)
  const time = it.leastMs === null ? 'time unknown before the work starts' : `at least ${duration(it.leastMs)} at the current limits`
  terminal.out(`${counted(plans.length, 'job')}, ${counted(it.tasks, 'first task')}, ${time}. Nothing was queued.`)
}
