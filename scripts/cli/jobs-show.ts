import { named } from '../../backend/base/vocabulary'
import type { Source } from '../../backend/contract'
import { livePlaces, type Progress, progress } from '../../backend/engine/jobs/progress'
import { findJob } from '../../backend/engine/jobs/verbs'
import { aboutOf, hasEnded, settledOf } from '../../backend/service/base/about'
import { askedOf } from '../../backend/service/base/form'
import { wordsOf } from '../../backend/service/base/words'
import { type JobParts, jobParts, type Notice } from '../../backend/service/jobs/detail'
import { type LanePage, listLanes } from '../../backend/service/jobs/lanes'
import { listRejects, listTasks, type RejectRow, type TaskRow } from '../../backend/service/jobs/tasks'
import { sources } from '../../backend/sources'
import type { Context } from './context'
import { figures, jobJson, waitTexts } from './job-text'
import { lanesText, MAX_IN_JSON, MAX_LANES } from './jobs-lanes'
import { countersTable, runsTable } from './report-text'
import { count, cut, duration, moment, table, toJson } from './text'

const MAX_TASKS = 500
const MAX_REJECTS = 100
const MAX_IN_HAND = 10

export interface ShowOptions {
  tasks?: boolean
  lanes?: boolean
  rejects?: boolean
  json?: boolean
}

interface Details extends JobParts {
  list?: TaskRow[]
  laneList?: LanePage
  rejects?: RejectRow[]
}

/** Prints one job in detail. */
export async function showJob(context: Context, id: string, options: ShowOptions): Promise<void> {
  const { db, terminal } = context
  const row = await findJob({ db }, id)
  const [job] = await progress(db, [row.id])
  if (!job) throw new Error(`job ${row.id} was removed in the meantime`)
  const service = context.service(sources)
  const running = { live: await livePlaces(db), sources, limits: service.limits, config: service.config }
  const waits = waitTexts(job, running)
  const most = options.json ? MAX_IN_JSON : MAX_LANES
  const details: Details = {
    ...(await jobParts(service, row)),
    list: options.tasks ? (await listTasks(service, row.id, { limit: MAX_TASKS, most: MAX_TASKS })).items : undefined,
    laneList: options.lanes ? await listLanes(service, row.id, { limit: most, most }) : undefined,
    rejects: options.rejects ? (await listRejects(service, row.id, { limit: MAX_REJECTS })).items : undefined,
  }
  const source = sources.find(({ name }) => name === job.source)
  if (options.json) terminal.out(toJson({ ...jobJson(job, running), waitTexts: waits, ...details }))
  else terminal.out([summary(job, waits), ...sections(details, source)].join('\n\n'))
}

function summary(job: Progress, waits: readonly string[]): string {
  const { total, ...states } = job.tasks
  const byState = Object.entries(states).flatMap(([state, tasks]) => (tasks > 0 ? [`${count(tasks)} ${state}`] : []))
  const facts = [
    ['job', job.id],
    ['source', job.source],
    ['about', aboutOf(job, sources)],
    ['request', JSON.stringify(askedOf(sources, job))],
    ['status', job.error ? `${job.status}: ${job.error}` : job.status],
    ['priority', String(job.priority)],
    ['created', `${moment(job.createdAt)} UTC, ${hasEnded(job) ? 'took' : 'age'} ${duration(job.seconds * 1000)}`],
    ['tasks', `${count(total)}${byState.length > 0 ? `: ${byState.join(', ')}` : ''}`],
    ['records', figures(job)],
    ['lookups', `${count(job.lookups.asked)} requested, ${count(job.lookups.open)} open`],
    ...waits.map((wait) => ['waits', wait]),
  ]
  return facts.map(([name, value]) => `${(name as string).padEnd(8)}  ${value}`).join('\n')
}

function sections(
  { earlierRuns, stages, inHand, errors, rejectedBy, counters, notices, list: tasks, laneList, rejects }: Details,
  source: Source | undefined,
): string[] {
  const parts: string[] = runsTable(earlierRuns)
  if (stages.length > 0) {
    const rows = stages.map((stage) => [stage.sentence, `${count(settledOf(stage))}/${count(stage.tasks.total)}`])
    parts.push(table(['progress by stage', 'tasks'], rows))
  }
  if (inHand.length > 0) {
    const rows = inHand.slice(0, MAX_IN_HAND).map((task) => [`${task.stream} ${task.key}`, task.pages, duration(task.sinceMs), task.worker])
    parts.push(table(['in progress', 'pages read', 'for', 'worker'], rows))
  }
  if (errors.length > 0) {
    const rows = errors.map((error) => [error.kind, error.state === 'failed' ? 'failed' : 'retries', error.tasks, cut(error.example, 100)])
    parts.push(table(['error', 'task', 'tasks', 'for example'], rows))
  }
  if (rejectedBy.length > 0)
    parts.push(
      table(
        ['rejected because', 'records'],
        rejectedBy.map((row) => [row.reason, row.records]),
      ),
    )
  parts.push(...countersTable(counters, source?.counters ?? {}))
  parts.push(...notices.map(noticeText))
  if (laneList) parts.push(lanesText(laneList, wordsOf(source).lane))
  if (tasks) {
    const rows = tasks.map((task) => [
      `${task.stream} ${task.key}`,
      task.state,
      task.pages,
      task.seen,
      task.new,
      task.attempts,
      cut(task.error ?? skipText(task) ?? task.waitingOn ?? '', 80),
    ])
    parts.push(table(['task', 'state', 'pages', 'seen', 'new', 'attempts', ''], rows))
    if (tasks.length === MAX_TASKS) parts.push(`Only the first ${MAX_TASKS} tasks are shown.`)
  }
  if (rejects) {
    const rows = rejects.map((row) => [row.stream, row.key, row.reason, cut(row.detail ?? '', 60), cut(row.raw, 80)])
    parts.push(rows.length > 0 ? table(['stream', 'record', 'reason', 'detail', 'raw'], rows) : 'No records were rejected.')
    if (rejects.length === MAX_REJECTS) parts.push(`Only the first ${MAX_REJECTS} records are shown.`)
  }
  return parts
}

/** `12 deletes withheld. Rows that … They may …` */
const noticeText = ({ counter, n, text, advice }: Notice): string => `${count(n)} ${named(counter)}: ${text} ${advice}`

/** `unavailable: the report is not listed`; a reason without a kind is shown alone. */
const skipText = ({ reason, reasonKind }: TaskRow): string | null => (reason && reasonKind ? `${reasonKind}: ${reason}` : reason)
