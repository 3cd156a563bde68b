import { count, counted, named, namedInText, type SpanKind, shortId } from '../../base/vocabulary'
import { earlierRuns, type Run } from '../../engine/jobs/runs'
import type { Origin } from '../../engine/jobs/start'
import { findJob } from '../../engine/jobs/verbs'
import { readSpans, type Span } from '../../engine/store'
import { appOf } from '../base/about'
import type { Service } from '../base/context'

/** Actions of people that are shown. */
const MAX_ACTIONS = 100

/** Something that happened to a job, or that it waited for. */
export interface TimelineItem {
  at: string
  /** When it was over; null for a moment, and for what still lasts. */
  until: string | null
  kind: 'start' | 'action' | 'end' | SpanKind
  /** A sentence without a period. */
  text: string
  /** How long it lasted in all, ms; less than from `at` to `until` where there were gaps. Null for a moment. */
  lastedMs: number | null
  /** Why, or how often. */
  detail: string | null
}

/**
 * What happened to a job, oldest first: who started it, what people did, what it waited for, tries that failed, workers that were lost,
 * and how it ended. Few rows, however long it ran: waits are folded.
 * @throws {Refused} `missing`, `input`
 */
export async function timelineOf(service: Pick<Service, 'db' | 'sources'>, id: string): Promise<TimelineItem[]> {
  const { db } = service
  const { id: jobId } = await findJob(service, id)
  const [[job], actions, runs, spans] = await Promise.all([
    db.query<JobTimes>(
      `select created_at as "createdAt", started_at as "startedAt", completed_at as "completedAt", paused_at as "pausedAt", run,
              run_started_at as "runStartedAt", status, error, origin, report ->> 'reason' as reason from backhaul.jobs where id = $1`,
      [jobId],
    ),
    db.query<ActionTold>(
      `select at, who, entry_point as "entryPoint", verb, detail, outcome from backhaul.actions where target = $1 order by id desc limit ${MAX_ACTIONS}`,
      [jobId],
    ),
    earlierRuns(db, jobId),
    readSpans(db, jobId),
  ])
  if (!job) return []
  const items = [
    ...startsOf(job, runs),
    ...actions.flatMap((action) => actionItem(action)),
    ...spans.map((span) => spanItem(span, service.sources)),
    ...endsOf(job, runs),
  ]
  return items.sort((a, b) => a.at.localeCompare(b.at))
}

interface JobTimes {
  createdAt: Date
  startedAt: Date | null
  completedAt: Date | null
  pausedAt: Date | null
  run: number
  runStartedAt: Date | null
  status: string
  error: string | null
  origin: Origin | null
  reason: string | null
}

interface ActionTold {
  at: Date
  who: string
  entryPoint: string
  verb: string
  detail: Record<string, unknown>
  outcome: string
}

const moment = (at: Date, kind: TimelineItem['kind'], text: string, detail: string | null = null): TimelineItem => ({
  at: at.toISOString(),
  until: null,
  kind,
  text,
  lastedMs: null,
  detail,
})

function originText(origin: Origin | null): string {
  if (!origin) return 'Created'
  const { kind, name, by } = origin
  if (kind === 'schedule') return `Started by the schedule ${name}`
  if (kind === 'queue') return `Started by a message on ${name}`
  if (kind === 'job') return `Started by the end of job ${shortId(name)}`
  return `Started by ${name}${by ? ` (${by})` : ''}`
}

function startsOf({ createdAt, startedAt, run, runStartedAt, origin }: JobTimes, runs: readonly Run[]): TimelineItem[] {
  const items = [moment(createdAt, 'start', originText(origin))]
  if (startedAt) items.push(moment(startedAt, 'start', 'A worker began the first task'))
  for (const one of runs.slice(1)) items.push(moment(new Date(one.startedAt), 'start', `Run ${one.number} began`))
  if (run > 1 && runStartedAt) items.push(moment(runStartedAt, 'start', `Run ${run} began`))
  return items
}

function endsOf({ completedAt, status, error, reason }: JobTimes, runs: readonly Run[]): TimelineItem[] {
  const items = runs.map((run) => moment(new Date(run.endedAt), 'end', `Run ${run.number} ended: ${run.status}`, run.error))
  if (completedAt) items.push(moment(completedAt, 'end', `Ended: ${status}`, error ?? reason))
  return items
}

const DONE: Record<string, string> = {
  'job.pause': 'Paused',
  'job.resume': 'Resumed',
  'job.cancel': 'Cancelled',
  'job.retry': 'Retried',
  'job.start': 'Started',
}

/** A start by a person is told already. */
function actionItem({ at, who, entryPoint, verb, detail, outcome }: ActionTold): TimelineItem[] {
  if (verb === 'job.start' && outcome === 'done') return []
  const by = `by ${who} (${entryPoint})`
  if (outcome !== 'done') return [moment(at, 'action', `${named(verb.replace('job.', ''))} ${by} was refused`, outcome)]
  return [moment(at, 'action', `${DONE[verb] ?? verb} ${by}`, verb === 'job.retry' ? choiceText(detail) : null)]
}

function choiceText({ missing, ...choice }: Record<string, unknown>): string | null {
  const parts = Object.entries(choice).flatMap(([name, value]) =>
    typeof value === 'object' || name === 'bulk' ? [] : [name === 'group' ? 'one cause' : `${name} ${value}`],
  )
  if (missing === true) parts.push('failed or missing')
  return parts.length > 0 ? `Only ${parts.join(', ')}` : null
}

function spanItem({ kind, on, at, until, times, seconds }: Span, sources: Service['sources']): TimelineItem {
  const lasted = kind === 'tries' || kind === 'lost' || kind === 'stopped' ? null : Math.round(seconds * 1000)
  const isMoment = until.getTime() - at.getTime() < 1000
  return {
    at: at.toISOString(),
    until: isMoment ? null : until.toISOString(),
    kind,
    lastedMs: lasted,
    ...spanText(kind as SpanKind, on, times, sources),
  }
}

function spanText(kind: SpanKind, on: string, times: number, sources: Service['sources']): Pick<TimelineItem, 'text' | 'detail'> {
  switch (kind) {
    case 'turn':
      return { text: 'Waited for its turn', detail: null }
    case 'gate':
      return { text: `Stood still for ${on}`, detail: null }
    case 'retry':
      return { text: 'Stood still until the next try', detail: `after ${namedInText(on)}` }
    case 'hold':
      return { text: 'Waited for a person', detail: on }
    case 'worker':
      return { text: 'Waited for a worker', detail: `${appOf(on, sources) ?? on} took no task` }
    case 'tries':
      return { text: `${counted(times, 'try', 'tries')} failed`, detail: named(on) }
    case 'lost':
      return { text: `A worker was lost; ${counted(times, 'task')} came back`, detail: on === '' ? null : `on ${on}` }
    case 'stopped':
      return { text: 'A worker stopped', detail: `${count(times)} ${times === 1 ? 'task goes' : 'tasks go'} on elsewhere` }
  }
}
