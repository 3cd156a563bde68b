import { z } from 'zod'
import type { Snapshot } from '../store'
import { performanceStatus } from './shapes'

/*
 * What the admin routes answer, in the words of the API their users know. What it does not know comes after.
 */

const count = z.number().int().nonnegative()
const moment = z.iso.datetime()
const day = z.iso.date()

const WORDS = { complete: 'success', partial: 'partial' } as const
/** The word of these routes for how a stored date stands. */
export const wordOfSnapshot = (status: Snapshot['status']): 'success' | 'partial' => WORDS[status]
export const statusOfSnapshot = (word: 'success' | 'partial'): Snapshot['status'] => (word === 'success' ? 'complete' : 'partial')

export const snapshot = z
  .object({
    snapshot_id: day,
    created_at: moment,
    status: z.enum(['success', 'partial']).meta({ description: 'Partial: its summary is missing, or in full detail a district in scope' }),
    schema_version: z.string(),
    calculation_version: z.string(),
    size_bytes: count.meta({ description: 'Of the files it is made of, as they are kept' }),
    error_count: count.meta({ description: 'Files asked for it that were refused' }),
    district_count: count.meta({ description: 'In full detail the districts of which all reports are stored, else those in the summary' }),
    updated_at: moment,
    program_year: z.string(),
    month_end: day,
    as_of: day.nullable().meta({ description: 'Newest capture it holds' }),
    detail: z.enum(['summary', 'full']),
    is_final: z.boolean(),
    districts_listed: count,
    districts_in_scope: count,
    districts_stored: count,
    club_count: count,
  })
  .meta({ id: 'DistrictSnapshot' })

const district = z.object({
  district_id: z.string(),
  status: z.enum(['success', 'missing']),
  as_of: day.nullable(),
  fetched_at: moment.nullable(),
  stored_at: moment.nullable(),
  is_final: z.boolean().nullable(),
  club_count: count.nullable(),
  member_count: count.nullable(),
  is_listed: z.boolean().meta({ description: 'Whether it is in the summary of the date' }),
})

const answered = z.object({ query_duration_ms: count, generated_at: moment })
const checked = z.object({ checked_at: moment, check_duration_ms: count })

export const snapshotsBody = z.object({
  snapshots: z.array(snapshot),
  metadata: answered.extend({
    total_count: count.meta({ description: 'Snapshots in this answer' }),
    next: day.nullable().meta({ description: 'Send it as before for further ones; null: there are none' }),
    filters_applied: z.record(z.string(), z.string().or(z.number())),
    limit_applied: count,
  }),
})

export const snapshotBody = z.object({ inspection: snapshot.extend({ districts: z.array(district) }), metadata: answered })

const values = z.record(z.string(), z.unknown())
export const payloadBody = z.object({
  payload: snapshot.extend({
    districts: z.array(
      z.object({
        district_id: z.string(),
        summary: values.nullable().meta({ description: 'Its line in the summary; null where the date has none' }),
        statistics: values.nullable().meta({ description: 'Null where not all of its reports are stored' }),
        clubs: z.array(values),
      }),
    ),
  }),
  metadata: answered.extend({
    next: z.string().nullable().meta({ description: 'Send it as after for further districts' }),
    limit_applied: count,
  }),
})

export const healthBody = z.object({
  health: z.object({
    is_ready: z.boolean(),
    current_snapshot: snapshot.nullable().meta({ description: 'The newest date that is stored completely' }),
    latest_snapshot: snapshot.nullable(),
    recent_activity: z.object({
      total_snapshots: count,
      successful_snapshots: count,
      failed_snapshots: count,
      partial_snapshots: count,
      most_recent: moment.nullable(),
    }),
    store_status: z.object({ has_current_snapshot: z.boolean(), current_matches_latest: z.boolean(), store_accessible: z.boolean() }),
    refused_files: count.meta({ description: 'Of the last day, without a right one since' }),
  }),
  metadata: checked,
})

export const integrityBody = z.object({
  integrity: z.object({
    isValid: z.boolean(),
    corruptionIssues: z.array(z.string()).meta({ description: 'The first 100' }),
    recoveryRecommendations: z.array(z.string()),
    validatedAt: moment,
    checked: z.object({ dates: count, files: count, from: day.nullable(), to: day.nullable() }),
  }),
  metadata: checked,
})

const rate = z.number().min(0).max(1).nullable()

export const performanceFigures = z.object({
  totalReads: count.meta({ description: 'Files that jobs needed: from the cache or from the dashboards' }),
  cacheHits: count,
  cacheMisses: count,
  concurrentReads: count.meta({ description: 'Requests under way' }),
  maxConcurrentReads: count,
  cache_hit_rate_percent: z.number().min(0).max(100),
  cache_efficiency: z.enum(['high', 'medium', 'low', 'unknown']).meta({ description: 'High from 80 % of hits on, medium from 40 %' }),
  rateLimiter: performanceStatus.shape.rateLimiter,
  intermediateCache: performanceStatus.shape.intermediateCache,
  jobs: z
    .object({
      total: count,
      processing: count,
      complete: count,
      partial_success: count,
      error: count,
      cancelled: count,
      completionRate: rate.meta({ description: 'Complete ones of those that ended' }),
      averageProcessingMs: count.nullable(),
    })
    .meta({ description: 'The newest 200 jobs' }),
  reports: z
    .object({ stored: count, failed: count, skipped: count, successRate: rate })
    .meta({ description: 'Reports and summaries of those jobs; the success rate of each district is in its backfill' }),
  errors: z.record(z.string(), count).meta({ description: 'Failed reports and summaries of those jobs by type of error' }),
  tables: z.array(
    z.object({ name: z.string(), rows: count.nullable().meta({ description: 'Estimate of PostgreSQL' }), size_bytes: count }),
  ),
})
export const performanceBody = z.object({ performance: performanceFigures, metadata: checked })
