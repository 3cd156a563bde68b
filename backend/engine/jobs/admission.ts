import type { Reader } from '../../base/sql'
import { PLACES_COUNTED } from '../../base/vocabulary'
import { defaultsOf, type Source } from '../../contract'
import type { Engine } from '../engine'
import { CAPACITY, noteSpans, promote } from '../store'

/*
 * How many jobs run at once. For a queue, the capacity of its live workers is the bound; for a source with a number of its own, that
 * number. Other jobs are queued by priority, then those that had already started, then by arrival.
 */

/** Jobs of a queue that run at once for each delivery that its live workers process: some wait for a limit while others read. */
export const JOBS_PER_PLACE = 3

/** A job that waited no longer than this had its turn at once, s. */
const MAX_AT_ONCE = 2

/** One lock for all processes that admit jobs in this database. */
const LOCK = 7_265_003

/** The order in which queued jobs are admitted; the index jobs_in_turn holds it. */
const TURN = `priority, (started_at is null), arrival`
/** Jobs that wait for their turn. */
export const IN_TURN = `status = 'queued' and not admitted`

/** What bounds how many of a source's jobs run at once: the source itself, or the queue of the job's first task. */
export const boundOf = (source: Source, queue: string): string => (source.jobsAtOnce ? source.name : queue)

interface Bound {
  name: string
  /** Absent: by the live capacity of the queue. */
  most: number | null
}

function boundsOf({ sources, settings = defaultsOf }: Pick<Engine, 'sources' | 'settings'>): Bound[] {
  const queues = sources.filter((source) => !source.jobsAtOnce).flatMap(({ workers }) => Object.values(workers).flatMap((it) => it.queues))
  const bounded = sources.flatMap((source) =>
    source.jobsAtOnce ? [{ name: source.name, most: Number(settings(source)[source.jobsAtOnce.setting]) }] : [],
  )
  return [...[...new Set(queues)].map((name) => ({ name, most: null })), ...bounded]
}

/**
 * Jobs that may be admitted now. Against a job's bound count only running jobs of the same or a lower priority number, so that a job
 * more urgent than all running ones starts at once. Reads as many rows as jobs may run, never as many as wait.
 */
const CHOSEN = `capacity as (${CAPACITY}), bounds as (
    select b.name, coalesce(b.most, ${JOBS_PER_PLACE} * coalesce(c.places, 1)) as most
      from unnest($1::text[], $2::int[]) as b(name, most) left join capacity c on c.queue = b.name
  ), chosen as (
    select q.id from bounds b cross join lateral (
      select w.*, row_number() over (order by ${TURN}) as place
        from (select id, priority, started_at, arrival from backhaul.jobs where bounded_by = b.name and ${IN_TURN} order by ${TURN} limit b.most) w) q
     where q.place + (select count(*) from backhaul.jobs a where a.bounded_by = b.name and a.admitted and a.priority <= q.priority) <= b.most
  )`

/**
 * Admits as many queued jobs as may run and gives the first tasks of new ones places. For a job that had already started only the
 * scheduler gives places, because two promotes with different views of a lane would each fill it.
 * A process that starts jobs calls this so that they begin at once; the scheduler calls it four times a second.
 * @returns the ids of the jobs admitted
 */
export async function admit(engine: Pick<Engine, 'db' | 'sources' | 'settings'>): Promise<string[]> {
  const bounds = boundsOf(engine)
  const values = [bounds.map((bound) => bound.name), bounds.map((bound) => bound.most)]
  const due = await engine.db.query(`with ${CHOSEN} select id from chosen limit 1`, values)
  if (due.length === 0) return []
  return await engine.db.tx(async (tx) => {
    // A statement of its own: one that waited for the lock would count the jobs as they were before it waited.
    await tx.query(`select pg_advisory_xact_lock(${LOCK})`)
    const admitted = await tx.query<{ id: string; fresh: boolean; waited: number }>(
      `with ${CHOSEN}
       update backhaul.jobs j set admitted = true, status = case when j.started_at is null then 'queued' else 'running' end::backhaul.job_status,
              run_started_at = case when j.run > 1 then coalesce(j.run_started_at, clock_timestamp()) end
         from chosen where j.id = chosen.id and j.${IN_TURN.replace('not admitted', 'not j.admitted')} returning j.id, j.started_at is null as fresh,
              extract(epoch from clock_timestamp() - coalesce(j.queued_at, j.created_at))::float8 as waited`,
      values,
    )
    for (const { id, fresh } of admitted) if (fresh) await promote(tx, id)
    await noteSpans(
      tx,
      admitted
        .filter(({ waited }) => waited > MAX_AT_ONCE)
        .map(({ id, waited }) => ({ job: id, kind: 'turn', on: '', times: 1, seconds: waited })),
    )
    return admitted.map(({ id }) => id)
  })
}

/** The position of a queued job among those that wait for the same bound. */
export interface Turn {
  /** 1 is admitted next. Positions are counted up to a maximum; one more than that means any later position. */
  position: number
  /** Mean time between ends of jobs while the first in line waited, ms of wall-clock time; null while none has ended. */
  everyMs: number | null
  /** What bounds how many run: a queue's live workers, named by the queue, or a source's own number, named by the source. */
  boundedBy: string
  priority: number
}

/** How many of the last ends the speed of a line is measured by. */
const ENDS = 100

/**
 * The positions of those of these jobs that wait for their turn.
 * @param most positions are counted up to this one, so that a page of jobs costs the same however many wait
 */
export async function turnsOf(db: Reader, ids: readonly string[], most = PLACES_COUNTED): Promise<Map<string, Turn>> {
  // An array, because a window over the same rows would sort them again. A job cancelled in the line makes it no faster.
  const rows = await db.query<{ id: string } & Turn>(
    `with wanted as materialized (select id, bounded_by, priority from backhaul.jobs where id = any($1::uuid[]) and ${IN_TURN}), lines as (
       select b.bounded_by, array(select id from backhaul.jobs where bounded_by = b.bounded_by and ${IN_TURN} order by ${TURN} limit $2) as line
         from (select distinct bounded_by from wanted) b
     ), paces as (
       select l.bounded_by, extract(epoch from clock_timestamp() - case when count(e.*) < ${ENDS} then f.created_at else min(e.completed_at) end) * 1000
                            / nullif(count(e.*) filter (where e.status <> 'cancelled'), 0) as every
         from lines l join backhaul.jobs f on f.id = l.line[1] left join lateral (
           select j.completed_at, j.status from backhaul.jobs j
            where j.bounded_by = l.bounded_by and j.completed_at > f.created_at order by j.completed_at desc limit ${ENDS}) e on true
        group by 1, f.created_at
     ), places as (select p.id, p.place from lines, unnest(line) with ordinality as p(id, place))
     select w.id, coalesce(p.place, $2 + 1)::int as position, s.every::float8 as "everyMs", w.bounded_by as "boundedBy", w.priority
       from wanted w join paces s using (bounded_by) left join places p on p.id = w.id`,
    [ids, most],
  )
  return new Map(rows.map(({ id, ...turn }) => [id, turn]))
}
