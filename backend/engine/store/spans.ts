import type { Reader } from '../../base/sql'
import type { SpanKind } from '../../base/vocabulary'

/*
 * What a job waited for, folded: the same wait soon after the last one extends it, so that a job of weeks has few rows.
 */

/** Something that lasted or happened; `at` is when it ended. */
export interface SpanNote {
  job: string
  kind: SpanKind
  /** API, kind of error, queue, reason or host. */
  on: string
  times: number
  /** How long it lasted, s. */
  seconds: number
}

export interface Span extends Omit<SpanNote, 'job'> {
  at: Date
  until: Date
}

/** The same within so long is one span. */
const GAP = `interval '10 minutes'`
/** Spans of a job; with as many, the last of its kind is extended, however long ago it was. */
const MAX_SPANS = 300

/** Adds to the spans of jobs; those of jobs that do not exist are left out. What is noted after the end of its job was before it. */
export async function noteSpans(db: Reader, notes: readonly SpanNote[]): Promise<void> {
  if (notes.length === 0) return
  await db.query(
    `with notes as (
       select n.*, e.until, e.until - n.seconds * interval '1 second' as at
         from unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::float8[]) as n(job_id, kind, "on", times, seconds)
         join backhaul.jobs j on j.id = n.job_id
         cross join lateral (select least(clock_timestamp(), j.completed_at) as until) e
     ), extended as (
       update backhaul.job_spans s set until = greatest(s.until, n.until), times = s.times + n.times, seconds = s.seconds + n.seconds
         from notes n cross join lateral (
           select l.id from backhaul.job_spans l where l.job_id = n.job_id and l.kind = n.kind and l."on" = n."on" order by l.until desc limit 1) last
        where s.id = last.id
          and (s.until > n.at - ${GAP} or (select count(*) from backhaul.job_spans c where c.job_id = n.job_id) >= ${MAX_SPANS})
       returning s.job_id, s.kind, s."on"
     )
     insert into backhaul.job_spans (job_id, kind, "on", at, until, times, seconds)
     select n.job_id, n.kind, n."on", n.at, n.until, n.times, n.seconds from notes n
      where (n.job_id, n.kind, n."on") not in (select job_id, kind, "on" from extended)
        and (select count(*) from backhaul.job_spans c where c.job_id = n.job_id) < ${2 * MAX_SPANS}
      order by n.job_id, n.kind, n."on"`,
    [
      notes.map(({ job }) => job),
      notes.map(({ kind }) => kind),
      notes.map(({ on }) => on),
      notes.map(({ times }) => times),
      notes.map(({ seconds }) => seconds),
    ],
  )
}

/** A task that is due for less long will be claimed in a moment, s. */
const DUE_FOR = `interval '2 seconds'`

/**
 * Notes what the admitted jobs wait for of which nothing moves: the first of their tasks that is due decides. What it costs depends on
 * how many jobs run, and on the places of their lanes.
 * @param seconds since this was called last
 */
export async function noteStandstills(db: Reader, seconds: number): Promise<void> {
  const standing = await db.query<Omit<SpanNote, 'times' | 'seconds'>>(
    `select j.id as job, w.kind, w."on" from backhaul.jobs j cross join lateral (
       select case when t.due_at <= clock_timestamp() then 'worker' when t.held_by is not null then 'hold' when t.waiting_on is not null then 'gate' else 'retry' end as kind,
              case when t.due_at <= clock_timestamp() then t.queue when t.held_by is not null then t.waiting_on
                   when t.waiting_on is not null then split_part(t.waiting_on, ':', 1) else coalesce(t.error_kind, 'retry') end as "on",
              t.due_at
         from backhaul.tasks t where t.job_id = j.id and t.state = 'ready' and t.claim is null order by t.due_at limit 1) w
      where j.admitted and j.status in ('queued', 'running')
        and not w.due_at between clock_timestamp() - ${DUE_FOR} and clock_timestamp()
        and not exists (select 1 from backhaul.tasks h where h.job_id = j.id and h.state = 'ready' and h.claim is not null)`,
  )
  await noteSpans(
    db,
    standing.map((one) => ({ ...one, times: 1, seconds })),
  )
}

/** The spans of a job, oldest first. */
export const readSpans = (db: Reader, jobId: string): Promise<Span[]> =>
  db.query<Span>(`select kind, "on", at, until, times, seconds from backhaul.job_spans where job_id = $1 order by at, id`, [jobId])
