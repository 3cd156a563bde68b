import { count, observe } from '../base/count'
import { answerOf, useApi, useWait } from '../base/uses'
import type { ApiTraffic, HttpUse } from '../contract'

/*
 * Counts requests, for the report of the task and the counters of the process.
 */

const NONE: ApiTraffic = { requests: 0, waits: 0, waitMs: 0, throttled: 0, bytes: 0 }

/** The counters of an API in this step. A task of an earlier version may lack some. */
export function trafficOf(use: HttpUse, api: string): ApiTraffic {
  const own = { ...NONE, ...use.traffic[api] }
  use.traffic[api] = own
  return own
}

/** A request waited for its slot since `began`, by `performance.now()`. */
export function noteWait(use: HttpUse, api: string, began: number): void {
  const ms = performance.now() - began
  trafficOf(use, api).waitMs += Math.round(ms)
  count('backhaul_wait_seconds_total', { api, reason: 'gate' }, ms / 1000)
  if (use.who !== undefined) useWait(use.who, api, ms)
}

/** Our own limits delayed a request; it may be sent at `until`. */
export function noteHeldBack(use: HttpUse, api: string, by: 'gate' | 'process', until: Date): void {
  trafficOf(use, api).waits += 1
  use.nextAt[api] = until
  count('backhaul_waits_total', { api, by })
}

/** The upstream refused a request and accepts another at `until`. */
export function noteThrottled(use: HttpUse, api: string, until: Date): void {
  trafficOf(use, api).throttled += 1
  use.nextAt[api] = until
  count('backhaul_throttles_total', { api })
}

/** Counts a request that was sent at `began`. @param status absent: there was no answer */
export function noteAnswer(use: HttpUse, api: string, began: number, status?: number): void {
  const seconds = (performance.now() - began) / 1000
  const answer = answerOf(status)
  count('backhaul_requests_total', { api, status: answer })
  observe('backhaul_request_duration_seconds', { api }, seconds)
  if (use.who !== undefined) useApi(use.who, api, answer, use.class === 'live', seconds)
}
