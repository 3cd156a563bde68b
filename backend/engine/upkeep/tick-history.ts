import type { Reader } from '../../base/sql'
import type { Started } from '../jobs/start'

/*
 * What became of each tick of a schedule. The history is bounded: by age, and for each schedule by number, because a schedule may tick
 * every second (retention.ts).
 */

/** Entries kept of one schedule. */
export const MAX_TICKS = 1_000

export interface TickNote {
  /** Null: a person started the job. */
  tickAt: Date | null
  job?: Pick<Started, 'id' | 'created'>
  /** Why nobody took it. */
  skipped?: string
  /** Why its source refused it. */
  error?: string
}

/** Notes what became of a tick, in the transaction that made it so. */
export async function noteTick(db: Reader, scheduleId: string, { tickAt, job, skipped, error }: TickNote): Promise<void> {
  const outcome = job ? (job.created ? 'started' : 'joined') : skipped === undefined ? 'refused' : 'skipped'
  const reason = outcome === 'joined' ? 'The same backfill was active already' : (skipped ?? error ?? null)
  await db.query(
    `insert into backhaul.schedule_ticks (schedule_id, at, tick_at, outcome, job_id, reason)
     values ($1, clock_timestamp(), $2, $3::backhaul.tick_outcome, $4, $5)`,
    [scheduleId, tickAt, outcome, job?.id ?? null, reason],
  )
}
