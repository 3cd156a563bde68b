import type { RouteFigures, RouteGate, RouteJob } from '../../../contract'
import type { CacheStatistics } from '../cache'
import type { Prepared } from '../prepared'
import type { Context } from './parts'
import type { PerformanceStatus } from './shapes'

/*
 * What a job waits for: the limit of the dashboards, its slots, and what the cache spares it.
 */

/** Streams whose tasks take a slot; the others only find tasks. */
const IN_SLOTS = ['summary', 'report']

export function performanceOf(
  job: RouteJob,
  figures: RouteFigures,
  gates: readonly RouteGate[],
  cache: CacheStatistics,
  prepared: Prepared,
  { settings: set }: Context,
): PerformanceStatus {
  const sum = (of: (stream: string) => number | undefined) => IN_SLOTS.reduce((all, stream) => all + (of(stream) ?? 0), 0)
  const active = sum((stream) => figures.held[stream])
  const open = sum((stream) => job.tasks[stream]?.waiting) + sum((stream) => job.tasks[stream]?.ready)
  return {
    ...limiterOf(gates, cache, set),
    concurrencyLimiter: {
      activeSlots: active,
      maxConcurrent: prepared.concurrency,
      // Both were counted, one after the other.
      queueLength: Math.max(0, open - active),
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
