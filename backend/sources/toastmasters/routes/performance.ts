import type { z } from 'zod'
import type { RouteContext, RouteJob, RouteTasks } from '../../../contract'
import { errorTypeOf } from '../outcomes'
import { storePerformance } from '../store'
import { limiterOf } from './limiters'
import type { Context } from './parts'
import type { performanceFigures } from './snapshot-shapes'
import { hasEnded, statusOf } from './view'

/** Jobs that figures are about: as many as one reading has. */
const JOBS = 200
/** Hits of a hundred reads. */
const HIGH = 80
const MEDIUM = 40

type Figures = z.input<typeof performanceFigures>

/** How reading has gone: the cache, the limit, the newest jobs, and the size of the tables. */
export async function performanceShown(context: RouteContext): Promise<Figures> {
  const [{ cache, tables }, gates, { items }] = await Promise.all([
    storePerformance(context.db),
    context.gates(),
    context.jobs({ limit: JOBS }),
  ])
  const gate = gates.find((one) => one.name === 'toastmasters')
  const reads = cache.hits + cache.misses
  const percent = reads === 0 ? 0 : Math.round((cache.hits / reads) * 1000) / 10
  return {
    totalReads: reads,
    cacheHits: cache.hits,
    cacheMisses: cache.misses,
    concurrentReads: gate?.inFlight ?? 0,
    maxConcurrentReads: gate?.concurrent ?? 0,
    cache_hit_rate_percent: percent,
    cache_efficiency: reads === 0 ? 'unknown' : percent >= HIGH ? 'high' : percent >= MEDIUM ? 'medium' : 'low',
    ...limiterOf(gates, cache, (context as Context).settings),
    jobs: jobFigures(items),
    ...taskFigures(items),
    tables: tables.map(({ name, rows, bytes }) => ({ name, rows, size_bytes: bytes })),
  }
}

function jobFigures(jobs: readonly RouteJob[]): Figures['jobs'] {
  const counts = { processing: 0, complete: 0, partial_success: 0, error: 0, cancelled: 0 }
  for (const { status } of jobs) counts[statusOf(status)]++
  const ended = jobs.filter((job) => hasEnded(job.status))
  const times = ended.flatMap(({ startedAt, completedAt }) =>
    startedAt && completedAt ? [completedAt.getTime() - startedAt.getTime()] : [],
  )
  return {
    total: jobs.length,
    ...counts,
    completionRate: ended.length === 0 ? null : counts.complete / ended.length,
    averageProcessingMs: times.length === 0 ? null : Math.round(times.reduce((sum, ms) => sum + ms, 0) / times.length),
  }
}

/** Streams whose tasks read files. */
const FILES = ['summary', 'districts', 'report']

function taskFigures(jobs: readonly RouteJob[]): Pick<Figures, 'reports' | 'errors'> {
  const tasks = jobs.flatMap((job) => FILES.flatMap((stream) => job.tasks[stream] ?? []))
  const sum = (state: keyof RouteTasks) => tasks.reduce((total, one) => total + one[state], 0)
  const [stored, failed] = [sum('done'), sum('failed')]
  const errors: Record<string, number> = {}
  for (const [kind, count] of jobs.flatMap((job) => Object.entries(job.failures))) {
    const type = errorTypeOf(kind)
    errors[type] = (errors[type] ?? 0) + count
  }
  return {
    reports: { stored, failed, skipped: sum('skipped'), successRate: stored + failed === 0 ? null : stored / (stored + failed) },
    errors,
  }
}
