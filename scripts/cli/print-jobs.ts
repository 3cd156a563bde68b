import type { Report } from '../../backend/engine/jobs/report'
import { report, type Started } from '../../backend/engine/jobs/verbs'
import { sources } from '../../backend/sources'
import type { Context } from './context'
import { type Places, placesOf } from './places'
import { count, counted, duration, shortId, toJson } from './text'
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
    added: job.added,
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
  const added = job.added.length > 0 ? `; added to it: ${job.added.join(', ')}` : ''
  if (!job.created) return `job ${shortId(job.id)} is already ${job.status} for ${job.activeKey}${turn}${added}; --force starts another one`
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
