import { type Cache, createCache } from '../../../base/cache'
import type { PartitionCell, Partitions, RouteContext, RouteFigures, RouteGate, RouteJob } from '../../../contract'
import type { CacheStatistics } from '../cache'
import { ALL } from '../cursor'
import { type ErrorType, errorTypeOf, isRetryable } from '../outcomes'
import { type BackfillParams, params as schema } from '../params'
import { preparedOf } from '../plan'
import type { Prepared } from '../prepared'
import type { settings } from '../settings'
import { type Held, latestDistricts, readCacheStatistics, readHeld } from '../store'
import type { Backfill, DistrictError, DistrictProgress, PartialSnapshot, PerformanceStatus } from './shapes'

/*
 * A job as its users know it: counted in dates of districts, whatever its tasks are.
 */

export type Context = RouteContext<typeof settings>

const STATUS: Record<string, Backfill['status']> = {
  completed: 'complete',
  partial: 'partial_success',
  failed: 'error',
  cancelled: 'cancelled',
}
export const statusOf = (state: string): Backfill['status'] => STATUS[state] ?? 'processing'
export const hasEnded = (state: string): boolean => STATUS[state] !== undefined

const UNAVAILABLE = ['unavailable', 'not_yet_published', 'closing_gap']

/** One date of one district. */
interface Part {
  date: string
  district: string
  cell: PartitionCell
}

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
  return {
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
    performanceStatus: performanceOf(grid, gates, cache, prepared, context),
    outcomes: outcomesOf(parts),
    verified: job.verified,
    state: job.status,
    links: linksOf(job.id),
    metadata: metadataOf(figures, prepared),
  }
}

export const linksOf = (id: string): Backfill['links'] => {
  const self = `/api/districts/backfill/${id}`
  return { self, cancel: self, retry: `${self}/retry` }
}

export const scopeShown = ({ districts, configured, outside, scopeType }: Prepared): Backfill['scope'] => ({
  targetDistricts: districts ?? [],
  configuredDistricts: configured,
  scopeType,
  validationPassed: outside.length === 0,
})

const errorText = ({ status, error }: RouteJob): string | undefined =>
  status === 'failed' ? (error ?? 'nothing could be read') : undefined

/** What the cells of the grid stand for: a summary is about every district of its date. */
async function partsOf({ db }: Context, grid: Partitions, params: BackfillParams): Promise<Part[]> {
  const { detail, districts } = preparedOf(params)
  const cells = grid.cells.filter((cell) => cell.row !== ALL)
  const parts: Part[] = cells.map((cell) => ({ date: cell.column, district: cell.row, cell }))
  // In full detail the summary of a date counts only until its districts are known.
  const whole = grid.cells.filter((cell) => cell.row === ALL && (detail === 'summary' || cell.state !== 'done'))
  if (whole.length === 0) return parts
  const held = detail === 'summary' ? byDate(await readHeld(db, params.startDate, params.endDate)) : new Map<string, string[]>()
  const otherwise = districts ?? (await latestDistricts(db))
  for (const cell of whole) {
    const listed = held.get(cell.column) ?? otherwise
    const own = districts === null ? listed : districts.filter((id) => !held.has(cell.column) || listed.includes(id))
    if (own.length === 0) parts.push({ date: cell.column, district: ALL, cell })
    for (const district of own) parts.push({ date: cell.column, district, cell })
  }
  return parts
}

function byDate(held: readonly Held[]): Map<string, string[]> {
  const dates = new Map<string, string[]>()
  for (const { date, districtId, detail } of held) {
    if (detail === 'summary') dates.set(date, [...(dates.get(date) ?? []), districtId])
  }
  return dates
}

const isUnavailable = ({ state, kind }: PartitionCell): boolean => state === 'skipped' && UNAVAILABLE.includes(kind ?? '')
const isOpen = ({ state }: PartitionCell): boolean => ['waiting', 'ready', 'held'].includes(state)

function progressOf(
  parts: readonly Part[],
): Pick<Backfill['progress'], 'total' | 'completed' | 'skipped' | 'unavailable' | 'failed' | 'current'> {
  const count = (which: (cell: PartitionCell) => boolean) => parts.filter(({ cell }) => which(cell)).length
  const last = parts.reduce<Part | undefined>((best, one) => (!best || one.cell.changedAt > best.cell.changedAt ? one : best), undefined)
  return {
    total: count(() => true),
    completed: count(({ state }) => state === 'done'),
    skipped: count((cell) => cell.state === 'skipped' && !isUnavailable(cell)),
    unavailable: count(isUnavailable),
    failed: count(({ state }) => state === 'failed'),
    current: last?.date ?? '',
  }
}

function outcomesOf(parts: readonly Part[]): Backfill['outcomes'] {
  const of = (kind: string) => parts.filter(({ cell }) => cell.state === 'skipped' && cell.kind === kind).length
  return {
    unavailable: of('unavailable'),
    not_yet_published: of('not_yet_published'),
    closing_gap: of('closing_gap'),
    failed: parts.filter(({ cell }) => cell.state === 'failed').length,
    skipped: of('exists') + of('in_flight'),
  }
}

function districtsOf(parts: readonly Part[]): Record<string, DistrictProgress> {
  const districts: Record<string, DistrictProgress> = {}
  for (const { date, district, cell } of parts) {
    if (district === ALL) continue
    districts[district] ??= {
      districtId: district,
      status: 'pending',
      datesProcessed: 0,
      datesTotal: 0,
      successfulDates: [],
      failedDates: [],
      retryCount: 0,
    }
    const one = districts[district]
    one.datesTotal++
    one.retryCount += cell.attempts
    if (!isOpen(cell)) one.datesProcessed++
    if (cell.state === 'done') one.successfulDates.push(date)
    if (cell.state === 'failed') {
      one.failedDates.push(date)
      one.lastError = cell.reason ?? undefined
    }
  }
  // All dates of a district count, not its last one only.
  for (const one of Object.values(districts)) one.status = districtStatus(one)
  return districts
}

function districtStatus({ datesProcessed, datesTotal, successfulDates, failedDates }: DistrictProgress): DistrictProgress['status'] {
  if (datesProcessed < datesTotal) return datesProcessed === 0 ? 'pending' : 'processing'
  if (failedDates.length > 0) return 'failed'
  return successfulDates.length > 0 ? 'completed' : 'skipped'
}

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

function errorsOf(parts: readonly Part[], { outside }: Prepared, job: RouteJob): DistrictError[] {
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

function summaryOf(errors: readonly DistrictError[], partialSnapshots: number) {
  const retryableErrors = errors.filter((one) => one.isRetryable).length
  return { totalErrors: errors.length, retryableErrors, permanentErrors: errors.length - retryableErrors, partialSnapshots }
}

/** Dates of which some districts were stored and some failed. */
function partialsOf(parts: readonly Part[], job: RouteJob): PartialSnapshot[] {
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

function performanceOf(
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

const RATING = { 'system-wide': 'high', 'per-district': 'medium', targeted: 'variable' } as const

const metadataOf = ({ leftMs }: RouteFigures, { strategy }: Prepared): Backfill['metadata'] => ({
  estimated_completion: leftMs === null ? null : new Date(Date.now() + leftMs).toISOString(),
  efficiency_rating: RATING[strategy.type],
  collection_method: strategy.refreshMethod.name,
})
