import type { PartitionCell } from '../../../contract'
import { ALL } from '../cursor'
import { isOpen, isUnavailable, type Part } from './parts'
import type { Backfill, DistrictProgress } from './shapes'

/*
 * How far a job is: what became of its dates, in all and by district.
 */

export function progressOf(
  parts: readonly Part[],
): Pick<Backfill['progress'], 'total' | 'completed' | 'skipped' | 'unavailable' | 'failed' | 'current'> {
  const count = (which: (cell: PartitionCell) => boolean) => parts.filter(({ cell }) => which(cell)).length
  const last = parts.reduce<Part | undefined>((best, one) => (!best || one.cell.changedAt > best.cell.changedAt ? one : best), undefined)
  return {
    total: count(() => true),
    completed: count(({ state }) => state === 'done'),
    skipped: count((cell) => cell.state === 'skipped' && !isUnavailable(cell)),
    unavailable: count(isUnavailable),
    failed: count(({ state }) => state === 'failed'),
    current: last?.date ?? '',
  }
}

export function outcomesOf(parts: readonly Part[]): Backfill['outcomes'] {
  const of = (kind: string) => parts.filter(({ cell }) => cell.state === 'skipped' && cell.kind === kind).length
  return {
    unavailable: of('unavailable'),
    not_yet_published: of('not_yet_published'),
    closing_gap: of('closing_gap'),
    failed: parts.filter(({ cell }) => cell.state === 'failed').length,
    skipped: of('exists') + of('in_flight'),
  }
}

export function districtsOf(parts: readonly Part[]): Record<string, DistrictProgress> {
  const districts: Record<string, DistrictProgress> = {}
  for (const { date, district, cell } of parts) {
    if (district === ALL) continue
    districts[district] ??= {
      districtId: district,
      status: 'pending',
      datesProcessed: 0,
      datesTotal: 0,
      successfulDates: [],
      failedDates: [],
      retryCount: 0,
    }
    const one = districts[district]
    one.datesTotal++
    one.retryCount += cell.attempts
    if (!isOpen(cell)) one.datesProcessed++
    if (cell.state === 'done') one.successfulDates.push(date)
    if (cell.state === 'failed') {
      one.failedDates.push(date)
      one.lastError = cell.reason ?? undefined
    }
  }
  // All dates of a district count, not its last one only.
  for (const one of Object.values(districts)) one.status = districtStatus(one)
  return districts
}

function districtStatus({ datesProcessed, datesTotal, successfulDates, failedDates }: DistrictProgress): DistrictProgress['status'] {
  if (datesProcessed < datesTotal) return datesProcessed === 0 ? 'pending' : 'processing'
  if (failedDates.length > 0) return 'failed'
  return successfulDates.length > 0 ? 'completed' : 'skipped'
}
