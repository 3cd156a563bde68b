import { Refused } from '../../base/errors'
import { JOB_SORTS, JOB_STATUSES, type JobSort } from '../../base/vocabulary'
import { databaseCache } from '../base/caches'
import type { Service } from '../base/context'

/** Which jobs of all. */
export interface JobFilter {
  status?: readonly string[]
  source?: string
  /** One of the source's kinds of jobs. */
  kind?: string
  /** The beginning of an id, or any part of the label, the active key, the params, the error or the source. */
  q?: string
  /** Created at this moment or later: ISO 8601, or a time before now such as `24h` or `7d`. */
  since?: string
  /** Created before this moment. */
  until?: string
}

/** Jobs in an order; by default the newest first. */
export interface JobAsk extends JobFilter {
  sort?: JobSort
}

const MOMENTS = ['since', 'until'] as const

/** @throws {Refused} `input` for an unknown status, source or order, or a moment that is none */
export function checkFilter({ sources }: Pick<Service, 'sources'>, ask: JobAsk): void {
  const { status, source, sort } = ask
  const wrong = status?.find((word) => !JOB_STATUSES.some((one) => one === word))
  if (wrong !== undefined) throw new Refused('input', `There is no status "${wrong}"; there are ${JOB_STATUSES.join(', ')}.`, 'status')
  if (source !== undefined && !sources.some((one) => one.name === source))
    throw new Refused('input', `There is no source "${source}"; there are ${sources.map((one) => one.name).join(', ')}.`, 'source')
  if (sort !== undefined && !JOB_SORTS.includes(sort))
    throw new Refused('input', `There is no order "${sort}"; there are ${JOB_SORTS.join(', ')}.`, 'sort')
  for (const name of MOMENTS) {
    const text = ask[name]
    if (text !== undefined && Number.isNaN(momentOf(text).getTime()))
      throw new Refused('input', `${name} must be a moment such as 2026-01-31T12:00:00Z, or 24h or 7d before now, got "${text}".`, name)
  }
}

const SPAN_MS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** An invalid date for a text that is neither a moment nor a time before now. */
function momentOf(text: string): Date {
  const [, n, unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? []
  return n === undefined ? new Date(text) : new Date(Date.now() - Number(n) * (SPAN_MS[unit] ?? 0))
}

/** So many matches are looked up by their ids; where there are more, those of a page are soon found among the jobs. */
const FEW = 1_000

const likeOf = (q: string): string => q.toLowerCase().replace(/[\\%_]/g, '\\$&')

/**
 * The jobs that a text finds, where they are few; undefined where they are many. One narrow row is read for each job; with their ids,
 * lists and counts read no others.
 */
export async function findJobs({ db }: Pick<Service, 'db'>, q: string | undefined): Promise<readonly string[] | undefined> {
  if (!q) return undefined
  return await searches({ db }).get(q, async () => {
    const rows = await db.query<{ id: string }>(
      `select job_id as id from backhaul.job_texts where text like $1 or job_id::text like $2 limit ${FEW + 1}`,
      [`%${likeOf(q)}%`, `${likeOf(q)}%`],
    )
    return rows.length > FEW ? undefined : rows.map(({ id }) => id)
  })
}

/** A list and its counts ask for the same. */
const searches = databaseCache<readonly string[] | undefined>(0)

/**
 * Conditions on `backhaul.jobs`, without the status, which counts ignore.
 * @param values of the statement; those of the conditions are added
 * @param found the jobs that the text finds, by `findJobs`
 */
export function conditions({ source, kind, q, since, until }: JobFilter, values: unknown[] = [], found?: readonly string[]): string {
  const parts = ['true']
  if (source !== undefined) parts.push(`source = $${values.push(source)}`)
  if (kind !== undefined) parts.push(`kind = $${values.push(kind)}`)
  if (since !== undefined) parts.push(`created_at >= $${values.push(momentOf(since).toISOString())}::timestamptz`)
  if (until !== undefined) parts.push(`created_at < $${values.push(momentOf(until).toISOString())}::timestamptz`)
  if (q && found) parts.push(`id = any($${values.push(found)}::uuid[])`)
  else if (q) {
    const like = `$${values.push(likeOf(q))}`
    parts.push(
      `(exists (select from backhaul.job_texts x where x.job_id = jobs.id and x.text like '%' || ${like} || '%') or id::text like ${like} || '%')`,
    )
  }
  return parts.join(' and ')
}

/** Whether only the stored counts are needed to count these jobs. */
export const isCounted = ({ kind, q, since, until }: JobFilter): boolean => !(kind || q || since || until)
