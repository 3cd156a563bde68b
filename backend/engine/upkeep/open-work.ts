import { isDue, type Reader } from '../../base/sql'
import { IN_TURN } from '../jobs/admission'
import { TO_SWEEP } from '../jobs/verbs'
import { DEAD_AFTER, HELD_BY_NOBODY, TO_FINISH } from '../store'

/** Admitted jobs with waiting tasks: some of these may get places. */
export const TO_PROMOTE = `from backhaul.jobs j
  where j.admitted and exists (select 1 from backhaul.tasks t where t.job_id = j.id and t.state = 'waiting')`

/** Which chores of the scheduler have something to do. */
export interface OpenWork {
  /** Claims of workers that are gone, or workers that missed their heartbeats. */
  lost: boolean
  /** Schedules that are due. */
  scheduled: boolean
  /** Jobs that wait for their turn. */
  queued: boolean
  /** Tasks that wait for a place. */
  waiting: boolean
  cancelled: boolean
  finished: boolean
  /** Tasks that nobody holds, due or not. */
  ready: boolean
  lookups: boolean
  /** Events that webhooks, and those that subscribers, have not got. */
  unfanned: boolean
  unpublished: boolean
}

/** Asked for the first row of an index, because a plan for "any row" may read a whole table whose rows are all of another state. */
const first = (rows: string, order: string): string => `(select true ${rows} order by ${order} limit 1) is not null`
const any = (rows: string): string => `exists (select 1 ${rows})`

const LOST = [
  `from backhaul.workers where heartbeat_at < clock_timestamp() - ${DEAD_AFTER}`,
  `from backhaul.tasks where claim is not null and ${HELD_BY_NOBODY}`,
  `from backhaul.lookups where claim is not null and ${HELD_BY_NOBODY}`,
]

/**
 * Asks in one statement what there is to do, so that a scheduler without work costs Postgres a few statements a second.
 * @param steady whether missed heartbeats are believed
 */
export async function openWork(db: Reader, steady: boolean): Promise<OpenWork> {
  const [open] = await db.query<OpenWork>(
    `select $1::boolean and (${LOST.map(any).join(' or ')}) as lost,
            ${first(`from backhaul.schedules where not paused and ${isDue('due_at')}`, 'due_at')} as scheduled,
            ${first(`from backhaul.jobs where ${IN_TURN}`, 'bounded_by, priority')} as queued,
            ${any(TO_PROMOTE)} as waiting,
            ${first(TO_SWEEP, 'id')} as cancelled,
            ${any(TO_FINISH)} as finished,
            ${first(`from backhaul.tasks where state = 'ready' and claim is null`, 'queue')} as ready,
            ${first('from backhaul.lookups where asked > answered and claim is null', 'kind')} as lookups,
            ${first('from backhaul.events_outbox where fanned_at is null', 'id')} as unfanned,
            ${first('from backhaul.events_outbox where published_at is null', 'id')} as unpublished`,
    [steady],
  )
  return open as OpenWork
}
