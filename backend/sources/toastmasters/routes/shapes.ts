import { z } from 'zod'
import { ERROR_TYPES } from '../outcomes'
import { strategy } from '../prepared'

/*
 * What these routes answer, in the words of the API their users know. What it does not know comes after.
 */

const count = z.number().int().nonnegative()
const moment = z.iso.datetime()
const day = z.iso.date()

export const scope = z.object({
  targetDistricts: z.array(z.string()).meta({ description: 'Empty: every district of the summary of each date' }),
  configuredDistricts: z.array(z.string()),
  scopeType: z.enum(['system-wide', 'targeted', 'single-district']),
  validationPassed: z.boolean().meta({ description: 'False: some of the districts asked for are not configured and are left out' }),
})

const districtProgress = z.object({
  districtId: z.string(),
  status: z.enum(['pending', 'processing', 'completed', 'failed', 'skipped']),
  datesProcessed: count,
  datesTotal: count,
  successfulDates: z.array(day),
  failedDates: z.array(day),
  lastError: z.string().optional(),
  retryCount: count,
})

export const progress = z
  .object({
    total: count.meta({ description: 'Dates of districts; grows while the dates of the first months are looked up' }),
    completed: count.meta({ description: 'Stored by this job' }),
    skipped: count.meta({ description: 'Stored before, or read by another job' }),
    unavailable: count.meta({ description: 'Not listed, not published yet, or within the closing of the month before' }),
    failed: count,
    current: day.or(z.literal('')).meta({ description: 'The date that was worked on last' }),
    districtProgress: z.record(z.string(), districtProgress),
    partialSnapshots: count,
    totalErrors: count,
    retryableErrors: count,
    permanentErrors: count,
  })
  .meta({ id: 'BackfillProgress' })

const districtError = z.object({
  districtId: z.string(),
  error: z.string(),
  errorType: z.enum(ERROR_TYPES),
  timestamp: moment,
  retryCount: count,
  isRetryable: z.boolean(),
  context: z.object({ date: day }).optional(),
})

export const errorSummary = z.object({
  totalErrors: count,
  retryableErrors: count,
  permanentErrors: count,
  affectedDistricts: z.array(z.string()),
  partialSnapshots: count,
})

export const partialSnapshot = z.object({
  snapshotId: z.string(),
  successfulDistricts: z.array(z.string()),
  failedDistricts: z.array(z.string()),
  totalDistricts: count,
  successRate: z.number().min(0).max(1),
  errors: z.array(districtError),
  metadata: z.object({ createdAt: moment, processingTime: count, isPartial: z.boolean(), backfillJobId: z.string() }),
})

export const performanceStatus = z
  .object({
    rateLimiter: z.object({
      currentCount: count.meta({ description: 'Requests of the running window, of all jobs' }),
      maxRequests: count,
      windowMs: count,
      nextResetAt: moment.nullable().meta({ description: 'When the next request may go; null: now' }),
      availableTokens: count,
      waits: count,
      throttled: count,
    }),
    concurrencyLimiter: z.object({
      activeSlots: count,
      maxConcurrent: count,
      queueLength: count.meta({ description: 'Reports that wait for a slot' }),
      queueLimit: count,
      timeoutMs: count,
    }),
    intermediateCache: z.object({
      hitRate: z.number().min(0).max(1),
      entryCount: count,
      sizeBytes: count,
      hits: count,
      misses: count,
      evicted: count,
      expired: count,
      maxEntries: count,
      maxSizeBytes: count,
    }),
  })
  .meta({ id: 'BackfillPerformance' })

const outcomes = z.object({
  unavailable: count,
  not_yet_published: count,
  closing_gap: count,
  failed: count,
  skipped: count,
})

export const backfill = z
  .object({
    backfillId: z.string(),
    status: z.enum(['processing', 'complete', 'error', 'cancelled', 'partial_success']),
    scope,
    progress,
    collectionStrategy: strategy,
    error: z.string().optional(),
    snapshotIds: z.array(z.string()),
    errorSummary: errorSummary.optional(),
    partialSnapshots: z.array(partialSnapshot).optional(),
    performanceStatus: performanceStatus.optional(),
    outcomes: outcomes.meta({ description: 'Dates of districts without data, by the reason' }),
    verified: z.boolean().nullable().meta({ description: 'Whether everything asked for was read; null while the job runs' }),
    state: z.string().meta({ description: 'queued, running, paused, completed, partial, failed or cancelled' }),
    links: z.object({ self: z.string(), cancel: z.string(), retry: z.string() }),
    metadata: z.object({
      estimated_completion: moment.nullable(),
      efficiency_rating: z.enum(['high', 'medium', 'variable']),
      collection_method: z.string(),
    }),
    request_id: z.string().optional().meta({ description: 'Of the request that this answers, as the header X-Request-ID' }),
  })
  .meta({ id: 'BackfillResponse' })
export type Backfill = z.input<typeof backfill>
export type DistrictProgress = z.input<typeof districtProgress>
export type DistrictError = z.input<typeof districtError>
export type PartialSnapshot = z.input<typeof partialSnapshot>
export type PerformanceStatus = z.input<typeof performanceStatus>

export const preview = z
  .object({
    dates: z.array(
      z.object({
        date: day,
        reason: z
          .string()
          .optional()
          .meta({ description: 'Why it will not be read: exists, in flight, unavailable, closing gap, not yet published' }),
        detail: z.string().optional(),
        estimated: z.boolean().optional().meta({ description: 'The list of its month is not held: it is read when the job runs' }),
      }),
    ),
    scope,
    collectionStrategy: strategy,
    dateRange: z.object({ startDate: day, endDate: day }),
    affectedDistricts: z.array(z.string()),
    totalItems: count.meta({ description: 'Dates that will be read' }),
    itemBreakdown: z.object({ lists: count, summaries: count, reports: count.nullable() }).meta({ description: 'Requests' }),
    estimatedDuration: count
      .nullable()
      .meta({ description: 'Milliseconds at the limits in force; null where the districts are not known' }),
    advice: z.array(z.string()),
  })
  .meta({ id: 'BackfillPreview' })
export type Preview = z.input<typeof preview>
