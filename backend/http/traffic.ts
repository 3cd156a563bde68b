import type { HttpUse, Traffic } from '../engine/source'
import { count, observe } from '../metrics/count'

/*
 * The books of requests: for the report of the task, and for the counters of the process.
 */

/** The counters of an API in this step. */
export function trafficOf(use: HttpUse, api: string): Traffic[string] {
  use.traffic[api] ??= { requests: 0, waitMs: 0, throttled: 0, bytes: 0 }
  return use.traffic[api]
}

/** A request waited for its moment since `began`, by `performance.now()`. */
export function noteWait(use: HttpUse, api: string, began: number): void {
  const ms = performance.now() - began
  trafficOf(use, api).waitMs += Math.round(ms)
  count('backhaul_wait_seconds_total', { api, reason: 'gate' }, ms / 1000)
}

/** A request has to come again later. */
export function noteThrottle(use: HttpUse, api: string, by: 'gate' | 'process' | 'upstream', until: Date): void {
  trafficOf(use, api).throttled += 1
  use.nextAt = until
  count('backhaul_throttles_total', { api, by })
}

/** What became of a request that was sent at `began`. @param status absent: there was no answer */
export function noteAnswer(api: string, began: number, status?: number): void {
  count('backhaul_requests_total', { api, status: status === undefined ? 'failed' : `${Math.floor(status / 100)}xx` })
  observe('backhaul_request_duration_seconds', { api }, (performance.now() - began) / 1000)
}
