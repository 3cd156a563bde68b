import type { LimitInForce } from '../../gate/limits'
import type { GateRow } from '../../gate/store'

/** From this share of a window on, a limit is near: work soon waits for it. */
export const NEAR = 0.9

/** The largest share of a window that is used, 0 to 1; null for a limit without windows. */
export function windowUse(limit: LimitInForce, row: Pick<GateRow, 'used'> | undefined): number | null {
  const shares = [limit.requests && (row?.used.requests ?? 0) / limit.requests, limit.perDay && (row?.used.day ?? 0) / limit.perDay].filter(
    (share) => share !== undefined,
  )
  return shares.length === 0 ? null : Math.min(1, Math.max(...shares))
}

/**
 * How much of a limit is used at this moment, 0 to 1: of its fullest window, of its places, or of its slots, of which the next one is
 * taken or not. Readings of the last add up to the share of the slots that were used.
 */
export function useNow(limit: LimitInForce, row: Pick<GateRow, 'used' | 'nextAt' | 'inFlight'> | undefined, now: Date): number {
  const slot = limit.spacingMs && row?.nextAt && row.nextAt > now ? 1 : 0
  const places = limit.concurrent ? Math.min(1, (row?.inFlight ?? 0) / limit.concurrent) : 0
  return Math.max(windowUse(limit, row) ?? 0, limit.spacingMs ? slot : places)
}
