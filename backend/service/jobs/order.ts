import { ACTIVE_STATUSES, ATTENTION_DAYS, ENDED_STATUSES, JOB_STATUSES, type JobSort, type JobStatus } from '../../base/vocabulary'

/*
 * The orders of a list of jobs. Each is a row of groups, and each group is an order that an index holds, so that a page reads as many
 * rows as it shows, however many jobs there are. `j` is a row of `backhaul.jobs`.
 */

export interface Key {
  sql: string
  type: 'timestamptz' | 'bigint' | 'float8' | 'int' | 'boolean'
}

interface Part {
  /** A condition on top of the filter. */
  sql: string
  statuses: readonly JobStatus[]
  /** By which its jobs are ordered, in place of the first key. */
  by?: string
}

export interface Group {
  parts: readonly Part[]
  /** By which its jobs are ordered, before the id; all of them in one direction. */
  keys: readonly Key[]
  desc: boolean
  /** Read source by source, because its index begins with that. */
  bySource: boolean
}

/** The moment of the first page: what depends on the time is the same on every page. */
const AT = `(select at from clock)`
const ENDED_AT = `coalesce(completed_at, created_at)`
/** Records of an ended job, and its seconds; as the indexes have them. */
const RECORDS = `coalesce((report ->> 'seen')::float8, 0)`
const SECONDS = `(ran_seconds + extract(epoch from completed_at - case when run = 1 then coalesce(started_at, created_at) else coalesce(run_started_at, completed_at) end))::float8`
/** The seconds of a job that had not ended at the moment of the first page; a pause does not count. */
const THEN = `least(coalesce(completed_at, paused_at, ${AT}), ${AT})`
const SECONDS_THEN = `(ran_seconds + extract(epoch from ${THEN} - case when run = 1 then coalesce(started_at, created_at) else coalesce(run_started_at, ${THEN}) end))::float8`

const CREATED: Key = { sql: 'created_at', type: 'timestamptz' }

const only = (status: JobStatus, sql = 'true'): Part => ({ sql: `status = '${status}' and ${sql}`, statuses: [status] })
const FAILURES = ['failed', 'partial'] as const

const newestOf = (parts: readonly Part[]): Group => ({ parts, keys: [CREATED], desc: true, bySource: true })
const byEnd = (parts: readonly Part[]): Group => ({ parts, keys: [{ sql: ENDED_AT, type: 'timestamptz' }], desc: true, bySource: true })

const LATELY = `${AT} - interval '${ATTENTION_DAYS} days'`
const UNKNOWN = 'acknowledged_at is null'

const ATTENTION: readonly Group[] = [
  byEnd(FAILURES.map((status) => only(status, `${UNKNOWN} and ${ENDED_AT} > ${LATELY}`))),
  { ...newestOf([only('running', 'id = any(array(select id from troubled where stalled))')]), bySource: false },
  {
    ...newestOf([{ sql: 'admitted and id = any(array(select id from troubled where not stalled))', statuses: ['running', 'queued'] }]),
    bySource: false,
  },
  newestOf([only('paused')]),
  newestOf([{ sql: 'admitted and id not in (select id from troubled)', statuses: ['running', 'queued'] }]),
  {
    parts: [only('queued', 'not admitted')],
    keys: [
      { sql: 'priority', type: 'int' },
      { sql: '(started_at is null)', type: 'boolean' },
      { sql: 'arrival', type: 'bigint' },
    ],
    desc: false,
    bySource: true,
  },
  byEnd([
    ...(['completed', 'cancelled'] as const).map((status) => only(status, UNKNOWN)),
    ...FAILURES.flatMap((status) => [only(status, `${UNKNOWN} and ${ENDED_AT} <= ${LATELY}`), only(status, 'acknowledged_at is not null')]),
  ]),
]

const EVERY: readonly Part[] = JOB_STATUSES.map((status) => only(status))

const created = (desc: boolean, isNarrow: boolean): Group =>
  isNarrow
    ? { parts: EVERY, keys: [CREATED], desc, bySource: true }
    : { parts: [{ sql: 'true', statuses: JOB_STATUSES }], keys: [CREATED], desc, bySource: false }

const descending = (sql: string, parts: readonly Part[]): Group => ({ parts, keys: [{ sql, type: 'float8' }], desc: true, bySource: true })

const SINCE = `${ENDED_AT} > ${AT}`
/** Those that run are measured at the moment of the first page, and those that have ended since as if they still ran. */
const LONGEST = descending(SECONDS, [
  { sql: `completed_at is not null and completed_at <= ${AT}`, statuses: ENDED_STATUSES },
  ...[
    only('running'),
    only('paused'),
    ...ENDED_STATUSES.map((status) => only(status, `${UNKNOWN} and ${SINCE}`)),
    ...FAILURES.map((status) => only(status, `acknowledged_at is not null and ${SINCE}`)),
  ].map((part) => ({ ...part, by: SECONDS_THEN })),
])

/**
 * The groups of an order, one after the other.
 * @param isNarrow the filter names a status or a source: each source and status is read by itself, so that a page of few jobs does not
 *   read past the many others
 */
export function groupsOf(sort: JobSort, isNarrow: boolean): readonly Group[] {
  switch (sort) {
    case 'newest':
      return [created(true, isNarrow)]
    case 'oldest':
      return [created(false, isNarrow)]
    case 'attention':
      return ATTENTION
    case 'records':
      // The records of a job are added up when it ends.
      return [
        descending(RECORDS, [{ sql: 'report is not null', statuses: ENDED_STATUSES }]),
        newestOf([
          ...ACTIVE_STATUSES.map((status) => only(status)),
          // One that was cancelled and whose report is not written yet; the index jobs_to_sweep holds them.
          only('cancelled', 'report is null'),
        ]),
      ]
    case 'longest':
      return [LONGEST, newestOf([only('queued')])]
  }
}
