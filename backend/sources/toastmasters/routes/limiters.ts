import type { Partitions, RouteGate } from '../../../contract'
import type { CacheStatistics } from '../cache'
import type { Prepared } from '../prepared'
import type { Context } from './parts'
import type { PerformanceStatus } from './shapes'

/*
 * What a job waits for: the limit of the dashboards, its slots, and what the cache spares it.
 */

export function performanceOf(
  grid: Partitions,
  gates: readonly RouteGate[],
  cache: CacheStatistics,
  prepared: Prepared,
  { settings: set }: Context,
): PerformanceStatus {
  const tasks = (...states: string[]) => grid.cells.reduce((sum, cell) => sum + (states.includes(cell.state) ? cell.tasks : 0), 0)
  return {
    ...limiterOf(gates, cache, set),
    concurrencyLimiter: {
      activeSlots: tasks('held'),
      maxConcurrent: prepared.concurrency,
      queueLength: tasks('waiting', 'ready'),
      queueLimit: prepared.backlog,
      timeoutMs: set.TOASTMASTERS_SLOT_TIMEOUT_MS,
    },
  }
}

/** What is the same for all jobs: the limit of the dashboards and the cache. */
export function limiterOf(
  gates: readonly RouteGate[],
  cache: CacheStatistics,
  set: Context['settings'],
): Pick<PerformanceStatus, 'rateLimiter' | 'intermediateCache'> {
  const gate = gates.find((one) => one.name === 'toastmasters')
  const used = gate?.used.find((one) => one.span === 'requests')
  const asked = cache.hits + cache.misses
  return {
    rateLimiter: {
      currentCount: used?.used ?? 0,
      maxRequests: used?.of ?? 0,
      windowMs: used?.windowMs ?? 0,
      nextResetAt: gate?.blockedUntil ?? gate?.nextAt ?? null,
      availableTokens: Math.max(0, (used?.of ?? 0) - (used?.used ?? 0)),
      waits: gate?.waits ?? 0,
      throttled: gate?.throttled ?? 0,
    },
    intermediateCache: {
      hitRate: asked === 0 ? 0 : cache.hits / asked,
      entryCount: cache.entries,
      sizeBytes: cache.bytes,
      hits: cache.hits,
      misses: cache.misses,
      evicted: cache.evicted,
      expired: cache.expired,
      maxEntries: set.TOASTMASTERS_CACHE_ENTRIES,
      maxSizeBytes: set.TOASTMASTERS_CACHE_BYTES,
    },
  }
}
