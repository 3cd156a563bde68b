import type { RouteJob } from '../../../contract'
import { type ErrorType, errorTypeOf, isRetryable } from '../outcomes'
import type { Prepared } from '../prepared'
import { isOpen, type Part } from './parts'
import type { DistrictError, PartialSnapshot } from './shapes'

/*
 * What failed, by district and by date.
 */

function errorOf({ date, district, cell }: Part): DistrictError {
  const kind = cell.kind ?? 'unexpected'
  return {
    districtId: district,
    error: cell.reason ?? 'failed',
    errorType: errorTypeOf(kind),
    timestamp: cell.changedAt,
    retryCount: Math.max(0, cell.attempts - 1),
    isRetryable: isRetryable(kind),
    context: { date },
  }
}

export function errorsOf(parts: readonly Part[], { outside }: Prepared, job: RouteJob): DistrictError[] {
  const failed = parts.filter(({ cell }) => cell.state === 'failed').map(errorOf)
  const type: ErrorType = 'scope_violation'
  const left = outside.map((districtId) => ({
    districtId,
    error: `district ${districtId} is not configured`,
    errorType: type,
    timestamp: job.createdAt.toISOString(),
    retryCount: 0,
    isRetryable: false,
  }))
  return [...failed, ...left]
}

export function summaryOf(errors: readonly DistrictError[], partialSnapshots: number) {
  const retryableErrors = errors.filter((one) => one.isRetryable).length
  return { totalErrors: errors.length, retryableErrors, permanentErrors: errors.length - retryableErrors, partialSnapshots }
}

/** Dates of which some districts were stored and some failed. */
export function partialsOf(parts: readonly Part[], job: RouteJob): PartialSnapshot[] {
  const dates = new Map<string, Part[]>()
  for (const part of parts) dates.set(part.date, [...(dates.get(part.date) ?? []), part])
  return [...dates].flatMap(([date, own]): PartialSnapshot[] => {
    const failed = own.filter(({ cell }) => cell.state === 'failed')
    const stored = own.filter(({ cell }) => cell.state === 'done' || cell.kind === 'exists')
    if (failed.length === 0 || stored.length === 0 || own.some(({ cell }) => isOpen(cell))) return []
    const last = own.map(({ cell }) => cell.changedAt).reduce((a, b) => (a > b ? a : b))
    return [
      {
        snapshotId: date,
        successfulDistricts: stored.map((one) => one.district).sort(),
        failedDistricts: failed.map((one) => one.district).sort(),
        totalDistricts: own.length,
        successRate: stored.length / own.length,
        errors: failed.map(errorOf),
        metadata: {
          createdAt: last,
          processingTime: Math.max(0, Date.parse(last) - (job.startedAt ?? job.createdAt).getTime()),
          isPartial: true,
          backfillJobId: job.id,
        },
      },
    ]
  })
}
