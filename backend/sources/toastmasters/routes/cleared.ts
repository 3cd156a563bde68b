import type { RouteJob } from '../../../contract'
import { REPORTS } from '../cursor'
import { isRetryable } from '../outcomes'
import type { Prepared } from '../prepared'
import type { Backfill } from './shapes'

/*
 * A backfill whose tasks were deleted after RETENTION_DAYS: its report has the counts, though no longer by date and district.
 */

type Counts = Pick<Backfill, 'outcomes'> & { progress: Omit<Backfill['progress'], 'districtProgress' | 'current'> }

/** @param districts how many districts one summary stands for */
export function clearedCounts({ tasks, skips, failures }: RouteJob, { detail, districts: named }: Prepared, districts: number): Counts {
  const isFull = detail === 'full'
  const { done = 0, failed = 0 } = tasks[isFull ? 'report' : 'summary'] ?? {}
  // A date of a district has three reports, and fails with any of them.
  const dates = (reports: number) => (isFull ? Math.ceil(reports / REPORTS.length) : reports * districts)
  const skipped = (kind: string, each: number) => (skips[kind] ?? 0) * each
  // Without named districts, a date that is not there is skipped once for all of them.
  const ofDate = isFull && named !== null ? 1 : districts
  const ofPart = isFull ? 1 : districts
  const total = dates(done + failed)
  const lost = Math.min(total, dates(failed))
  const outcomes = {
    unavailable: skipped('unavailable', ofDate),
    not_yet_published: skipped('not_yet_published', ofDate),
    closing_gap: skipped('closing_gap', ofDate),
    failed: lost,
    skipped: skipped('exists', ofPart) + skipped('in_flight', ofPart),
  }
  const unavailable = outcomes.unavailable + outcomes.not_yet_published + outcomes.closing_gap
  const errors = Object.entries(failures)
  const sum = (some: [string, number][]) => some.reduce((all, [, n]) => all + n, 0)
  const totalErrors = sum(errors)
  const retryableErrors = sum(errors.filter(([kind]) => isRetryable(kind)))
  return {
    outcomes,
    progress: {
      total: total + unavailable + outcomes.skipped,
      completed: total - lost,
      skipped: outcomes.skipped,
      unavailable,
      failed: lost,
      totalErrors,
      retryableErrors,
      permanentErrors: totalErrors - retryableErrors,
      partialSnapshots: 0,
    },
  }
}
