import { type Cache, createCache } from '../../../base/cache'
import type { RouteFigures, RouteJob } from '../../../contract'
import { params as schema } from '../params'
import { preparedOf } from '../plan'
import type { Prepared } from '../prepared'
import { latestDistricts, readCacheStatistics } from '../store'
import { clearedCounts } from './cleared'
import { errorsOf, partialsOf, summaryOf } from './errors'
import { performanceOf } from './limiters'
import { type Context, partsOf } from './parts'
import { districtsOf, outcomesOf, progressOf } from './progress'
import type { Backfill } from './shapes'

/*
 * A job as its users know it: counted in dates of districts, whatever its tasks are.
 */

const STATUS: Record<string, Backfill['status']> = {
  completed: 'complete',
  partial: 'partial_success',
  failed: 'error',
  cancelled: 'cancelled',
}
export const statusOf = (state: string): Backfill['status'] => STATUS[state] ?? 'processing'
export const hasEnded = (state: string): boolean => STATUS[state] !== undefined

const views = new WeakMap<object, Cache<Backfill>>()

/**
 * A backfill as of now. One of many thousand dates takes a second or two to count: the longer it takes, the longer the same answer
 * serves, so that a client which polls takes a part of the database only.
 * @throws {Refused} `missing`, or `input` for what is no id
 */
export async function viewOf(context: Context, id: string): Promise<Backfill> {
  const job = await context.job(id)
  const cache = views.get(context.db) ?? createCache<Backfill>({ minMs: 0, costFactor: 5, staleFactor: 2 })
  views.set(context.db, cache)
  return await cache.get(`${job.id} ${job.status} ${job.completedAt?.getTime()}`, () => countView(context, job))
}

async function countView(context: Context, job: RouteJob): Promise<Backfill> {
  const params = schema.parse(job.params)
  const [grid, figures, gates, cache] = await Promise.all([
    context.partitions(job.id, 'all'),
    context.figures(job.id),
    context.gates(),
    readCacheStatistics(context.db),
  ])
  const parts = await partsOf(context, grid, params)
  const prepared = preparedOf(params)
  const errors = errorsOf(parts, prepared, job)
  const partials = partialsOf(parts, job)
  const summary = summaryOf(errors, partials.length)
  const shown = {
    backfillId: job.id,
    status: statusOf(job.status),
    scope: scopeShown(prepared),
    progress: { ...progressOf(parts), ...summary, districtProgress: districtsOf(parts), partialSnapshots: partials.length },
    collectionStrategy: prepared.strategy,
    ...(errorText(job) ? { error: errorText(job) } : {}),
    snapshotIds: [...new Set(parts.filter(({ cell }) => cell.state === 'done').map((one) => one.date))].sort(),
    ...(summary.totalErrors > 0
      ? {
          errorSummary: {
            ...summary,
            affectedDistricts: [...new Set(errors.map((one) => one.districtId))].sort(),
            partialSnapshots: partials.length,
          },
        }
      : {}),
    ...(partials.length > 0 ? { partialSnapshots: partials } : {}),
    performanceStatus: performanceOf(job, figures, gates, cache, prepared, context),
    outcomes: outcomesOf(parts),
    verified: job.verified,
    state: job.status,
    links: linksOf(job.id),
    metadata: metadataOf(figures, prepared),
  } satisfies Backfill
  if (!job.cleared) return shown
  const districts = prepared.districts ?? (await latestDistricts(context.db))
  const { outcomes, progress } = clearedCounts(job, prepared, districts.length)
  return { ...shown, outcomes, progress: { ...shown.progress, ...progress } }
}

const linksOf = (id: string): Backfill['links'] => {
  const self = `/api/districts/backfill/${id}`
  return { self, cancel: self, retry: `${self}/retry` }
}

const scopeShown = ({ districts, configured, outside, scopeType }: Prepared): Backfill['scope'] => ({
  targetDistricts: districts ?? [],
  configuredDistricts: configured,
  scopeType,
  validationPassed: outside.length === 0,
})

const errorText = ({ status, error }: RouteJob): string | undefined =>
  status === 'failed' ? (error ?? 'nothing could be read') : undefined

const RATING = { 'system-wide': 'high', 'per-district': 'medium', targeted: 'variable' } as const

const metadataOf = ({ leftMs }: RouteFigures, { strategy }: Prepared): Backfill['metadata'] => ({
  estimated_completion: leftMs === null ? null : new Date(Date.now() + leftMs).toISOString(),
  efficiency_rating: RATING[strategy.type],
  collection_method: strategy.refreshMethod.name,
})
