import { findJob } from '../../backend/engine/jobs'
import { FINISH, livePlaces, type Progress, progress } from '../../backend/engine/progress'
import { sources } from '../../backend/sources'
import type { Context } from './context'
import { figures, hasEnded, labelOf, waitTexts } from './job-text'
import { count, cut, duration, moment, table, toJson } from './text'

const MOST_TASKS = 500
const MOST_REJECTS = 100
const MOST_PAGES = 10

export interface ShowOptions {
  tasks?: boolean
  rejects?: boolean
  json?: boolean
}

/** All that is known of one job. */
export async function showJob(context: Context, id: string, options: ShowOptions): Promise<void> {
  const { db, terminal } = context
  const { id: jobId } = await findJob({ db }, id)
  const [job] = await progress(db, [jobId])
  if (!job) throw new Error(`job ${jobId} was removed meanwhile`)
  const waits = waitTexts(job, { live: await livePlaces(db), sources })
  const details = await readDetails(context, jobId, options)
  if (options.json) terminal.out(toJson({ ...job, waitTexts: waits, ...details }))
  else terminal.out([summary(job, waits), ...sections(details)].join('\n\n'))
}

async function readDetails({ db }: Context, jobId: string, options: ShowOptions) {
  const { prisma } = db
  const ours = { jobId, stream: { not: FINISH } }
  const errors = await prisma.task.groupBy({
    by: ['errorKind', 'state'],
    where: { jobId, errorKind: { not: null } },
    _count: true,
    _max: { error: true },
  })
  const rejects = await prisma.reject.groupBy({ by: ['reason'], where: { jobId }, _count: true, orderBy: { _count: { reason: 'desc' } } })
  const pages = await prisma.task.findMany({
    where: { ...ours, claim: { not: null } },
    orderBy: { claimedAt: 'asc' },
    take: MOST_PAGES,
    select: { id: true, stream: true, key: true, pages: true, cursor: true, holder: true, claimedAt: true },
  })
  return {
    pages,
    errors: errors.map((row) => ({ kind: row.errorKind ?? '', state: row.state, tasks: row._count, error: row._max.error ?? '' })),
    rejectedBy: rejects.map((row) => ({ reason: row.reason, records: row._count })),
    list: options.tasks
      ? await prisma.task.findMany({ where: ours, orderBy: [{ stage: 'asc' }, { seq: 'asc' }], take: MOST_TASKS })
      : undefined,
    rejects: options.rejects ? await prisma.reject.findMany({ where: { jobId }, orderBy: { id: 'asc' }, take: MOST_REJECTS }) : undefined,
  }
}

type Details = Awaited<ReturnType<typeof readDetails>>

function summary(job: Progress, waits: readonly string[]): string {
  const { total, ...states } = job.tasks
  const byState = Object.entries(states).flatMap(([state, tasks]) => (tasks > 0 ? [`${count(tasks)} ${state}`] : []))
  const facts = [
    ['job', job.id],
    ['source', job.source],
    ['about', labelOf(job, sources)],
    ['request', JSON.stringify(job.params)],
    ['status', job.error ? `${job.status}: ${job.error}` : job.status],
    ['priority', String(job.priority)],
    ['asked at', `${moment(job.createdAt)} UTC, ${hasEnded(job) ? 'took' : 'since then'} ${duration(job.seconds * 1000)}`],
    ['tasks', `${count(total)}${byState.length > 0 ? `: ${byState.join(', ')}` : ''}`],
    ['records', figures(job)],
    ['lookups', `${count(job.lookups.asked)} asked, ${count(job.lookups.open)} open`],
    ...waits.map((wait) => ['waits', wait]),
  ]
  return facts.map(([name, value]) => `${(name as string).padEnd(8)}  ${value}`).join('\n')
}

function sections({ pages, errors, rejectedBy, list: tasks, rejects }: Details): string[] {
  const parts: string[] = []
  if (pages.length > 0) {
    const rows = pages.map((task) => [`${task.stream} ${task.key}`, task.pages, cut(JSON.stringify(task.cursor), 60), task.holder ?? ''])
    parts.push(table(['in hand', 'pages read', 'next', 'worker'], rows))
  }
  if (errors.length > 0) {
    const rows = errors.map((error) => [
      error.kind,
      error.state === 'failed' ? 'failed' : 'tries again',
      error.tasks,
      cut(error.error, 100),
    ])
    parts.push(table(['error', 'task', 'tasks', 'for example'], rows))
  }
  if (rejectedBy.length > 0)
    parts.push(
      table(
        ['set aside because', 'records'],
        rejectedBy.map((row) => [row.reason, row.records]),
      ),
    )
  if (tasks) {
    const rows = tasks.map((task) => [
      `${task.stream} ${task.key}`,
      task.state,
      task.pages,
      Number(task.seen),
      Number(task.new),
      task.attempts,
      cut(task.error ?? task.reason ?? task.waitingOn ?? '', 80),
    ])
    parts.push(table(['task', 'state', 'pages', 'seen', 'new', 'attempts', ''], rows))
    if (tasks.length === MOST_TASKS) parts.push(`Only the first ${MOST_TASKS} tasks are shown.`)
  }
  if (rejects) {
    const rows = rejects.map((row) => [row.stream, row.key, row.reason, cut(row.detail ?? '', 60), cut(row.raw, 80)])
    parts.push(rows.length > 0 ? table(['stream', 'record', 'reason', 'detail', 'as it came'], rows) : 'Nothing was set aside.')
    if (rejects.length === MOST_REJECTS) parts.push(`Only the first ${MOST_REJECTS} records are shown.`)
  }
  return parts
}
