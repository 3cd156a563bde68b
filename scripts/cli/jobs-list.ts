import { Refused } from '../../backend/engine/errors'
import { livePlaces, type Progress, progress } from '../../backend/engine/progress'
import type { JobStatus } from '../../backend/generated/prisma/enums'
import { sources } from '../../backend/sources'
import type { Context } from './context'
import { labelOf, settledOf, waitTexts } from './job-text'
import { count, cut, duration, moment, shortId, table, toJson } from './text'

const STATUSES = ['queued', 'running', 'paused', 'completed', 'partial', 'failed', 'cancelled'] as const satisfies JobStatus[]

export interface ListOptions {
  status?: string
  source?: string
  limit: string
  json?: boolean
}

const isStatus = (word: string): word is JobStatus => (STATUSES as readonly string[]).includes(word)

/** `running,paused` @throws {Refused} naming a status there is not */
function parseStatuses(text: string): JobStatus[] {
  const words = text.split(',').map((word) => word.trim())
  const wrong = words.find((word) => !isStatus(word))
  if (wrong !== undefined)
    throw new Refused('input', `--status: there is no status "${wrong}"; there are ${STATUSES.join(', ')}.`, 'status')
  return words.filter(isStatus)
}

/** `--limit` and the like. @throws {Refused} */
export function parseCount(text: string, flag: string, most = 10_000): number {
  if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= most) return Number(text)
  throw new Refused('input', `${flag} must be a whole number from 1 to ${count(most)}, got ${text}.`, flag)
}

function checkSource(name: string): string {
  if (sources.some((source) => source.name === name)) return name
  throw new Refused(
    'input',
    `--source: there is no source "${name}"; there are ${sources.map((source) => source.name).join(', ')}.`,
    'source',
  )
}

/** Jobs, newest first. */
export async function listJobs(context: Context, options: ListOptions): Promise<void> {
  const { db, terminal } = context
  const status = options.status === undefined ? undefined : { in: parseStatuses(options.status) }
  const source = options.source === undefined ? undefined : checkSource(options.source)
  const take = parseCount(options.limit, '--limit')
  const live = await livePlaces(db)
  const where = { status, source }
  const rows = await db.prisma.job.findMany({ where, orderBy: [{ createdAt: 'desc' }, { id: 'asc' }], take, select: { id: true } })
  const jobs = await progress(
    db,
    rows.map((row) => row.id),
  )
  if (options.json) terminal.out(toJson(jobs))
  else if (jobs.length === 0) terminal.out('No jobs. Start one with a queue script, for example yarn queue:character-killmails 2117325769')
  else {
    terminal.out(
      table(
        ['job', 'source', 'about', 'status', 'tasks', 'seen', 'new', 'asked at (UTC)', 'took', ''],
        jobs.map((job) => rowOf(job, waitTexts(job, { live, sources })[0])),
      ),
    )
    const more = jobs.length === take ? await db.prisma.job.count({ where }) : jobs.length
    if (more > jobs.length) terminal.out(`${count(more - jobs.length)} older ones: --limit ${more}`)
  }
}

function rowOf(job: Progress, wait: string | undefined): (string | number)[] {
  return [
    shortId(job.id),
    job.source,
    cut(labelOf(job, sources), 48),
    job.status,
    `${count(settledOf(job))}/${count(job.tasks.total)}`,
    job.seen,
    job.new,
    moment(job.createdAt),
    duration(job.seconds * 1000),
    cut(wait ?? job.error ?? '', 80),
  ]
}
