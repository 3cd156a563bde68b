/** Requests and routes remembered by one process. */
const MAX = 10_000

/**
 * Tells requests that fail by themselves from a route that is down. A request that fails again although the route has answered others
 * since says nothing about the route, so its breaker does not count it.
 */
export function createSuspects(max = MAX) {
  let turn = 0
  const failedAt = new Map<string, number>()
  const answeredAt = new Map<string, number>()

  function note(map: Map<string, number>, key: string): void {
    map.delete(key)
    map.set(key, ++turn)
    const oldest = map.size > max ? map.keys().next().value : undefined
    if (oldest !== undefined) map.delete(oldest)
  }

  return {
    answered(route: string, request: string): void {
      failedAt.delete(request)
      note(answeredAt, route)
    },
    /** Records a failure. @returns whether the route may have caused it */
    failed(route: string, request: string): boolean {
      const before = failedAt.get(request)
      if (before === undefined) note(failedAt, request)
      return before === undefined || (answeredAt.get(route) ?? 0) < before
    },
  }
}
export type Suspects = ReturnType<typeof createSuspects>
