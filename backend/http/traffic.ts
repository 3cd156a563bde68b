import type { HttpUse, Traffic } from '../engine/source'

/** The counters of an API in this step. */
export function trafficOf(use: HttpUse, api: string): Traffic[string] {
  use.traffic[api] ??= { requests: 0, waitMs: 0, throttled: 0 }
  return use.traffic[api]
}
