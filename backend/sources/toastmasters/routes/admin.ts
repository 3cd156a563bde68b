import { z } from 'zod'
import { Refused } from '../../../base/errors'
import { defineRoute, type Route, type RouteContext } from '../../../contract'
import { isDay } from '../calendar'
import { normalDistrict } from '../ids'
import { listSnapshots, readPayload, readSnapshot, resetCacheStatistics, type SnapshotFilters, storeHealth, storeIntegrity } from '../store'
import { performanceShown } from './performance'
import { refusalsWith } from './refusals'
import { healthBody, integrityBody, payloadBody, performanceBody, snapshotBody, snapshotsBody, statusOfSnapshot } from './snapshot-shapes'
import { districtShown, payloadShown, snapshotShown } from './snapshots'

/*
 * Reads of what is stored, in the words of the admin API its users know.
 */

const SNAPSHOTS = '/api/admin/snapshots'
const STORE = '/api/admin/snapshot-store'
const MAX_SNAPSHOTS = 100
/** Districts of one payload: each has some hundred kilobytes of clubs. */
const MAX_PAYLOADS = 10
const MAX_DATES = 100

const refusals = refusalsWith({ missing: 'SNAPSHOT_NOT_FOUND', conflict: 'CONFLICT' })

const number = (least: number, most: number) => {
  const error = `must be a whole number from ${least} to ${most}`
  return z.coerce.number({ error }).int(error).min(least, error).max(most, error)
}
const day = z.string().refine(isDay, 'must be a date like 2024-01-31')
const moment = z
  .string()
  .refine((text) => isDay(text) || z.iso.datetime({ offset: true }).safeParse(text).success, 'must be a date or a moment in ISO 8601')
  .transform((text) => new Date(text))
const id = z.object({ snapshotId: z.string().max(64).meta({ description: 'A date, YYYY-MM-DD' }) })

const filters = z.strictObject({
  limit: number(1, MAX_SNAPSHOTS).default(10),
  status: z.enum(['success', 'partial', 'failed'], 'must be one of success, partial, failed').optional(),
  schema_version: z.string().max(64).optional(),
  calculation_version: z.string().max(64).optional(),
  created_after: moment.optional(),
  created_before: moment.optional(),
  min_district_count: number(0, 1000).optional(),
  before: day.optional().meta({ description: 'Only dates before this one: the next of the answer before' }),
})

/** When an answer was made, and how long that took. */
const timed = async <T>(work: Promise<T>): Promise<{ found: T; took: number; at: string }> => {
  const began = performance.now()
  const found = await work
  return { found, took: Math.round(performance.now() - began), at: new Date().toISOString() }
}

const list = defineRoute({
  method: 'GET',
  path: SNAPSHOTS,
  access: 'read',
  operation: 'listSnapshots',
  about: 'Stored dates, newest first',
  query: filters,
  answers: [{ status: 200, body: snapshotsBody }],
  refusals,
  async answer({ query: { limit, before, ...asked } }, { db }) {
    // Nothing is stored of a date that failed as a whole.
    const reading =
      asked.status === 'failed' ? Promise.resolve({ snapshots: [], next: null }) : listSnapshots(db, wanted(asked, limit, before))
    const { found, took, at } = await timed(reading)
    const applied = Object.entries(asked).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value instanceof Date ? value.toISOString() : value] as const],
    )
    return {
      status: 200,
      body: {
        snapshots: found.snapshots.map(snapshotShown),
        metadata: {
          total_count: found.snapshots.length,
          next: found.next,
          filters_applied: Object.fromEntries(applied),
          limit_applied: limit,
          query_duration_ms: took,
          generated_at: at,
        },
      },
    }
  },
})

type Asked = Omit<z.output<typeof filters>, 'limit' | 'before'>

function wanted({ status, ...asked }: Asked, limit: number, before: string | undefined): SnapshotFilters {
  return {
    limit,
    before,
    status: status === undefined || status === 'failed' ? undefined : statusOfSnapshot(status),
    schemaVersion: asked.schema_version,
    calculationVersion: asked.calculation_version,
    createdAfter: asked.created_after,
    createdBefore: asked.created_before,
    minDistricts: asked.min_district_count,
  }
}

/** @throws {Refused} `missing` */
async function existing(db: RouteContext['db'], snapshotId: string) {
  const found = isDay(snapshotId) ? await readSnapshot(db, snapshotId) : undefined
  if (!found) throw new Refused('missing', `there is no snapshot ${snapshotId}`, 'snapshotId')
  return found
}

const get = defineRoute({
  method: 'GET',
  path: `${SNAPSHOTS}/:snapshotId`,
  access: 'read',
  operation: 'getSnapshot',
  about: 'What is stored of a date, by district',
  params: id,
  answers: [{ status: 200, body: snapshotBody }],
  refusals,
  async answer({ params: { snapshotId } }, { db }) {
    const { found, took, at } = await timed(existing(db, snapshotId))
    const inspection = { ...snapshotShown(found), districts: found.districts.map(districtShown) }
    return { status: 200, body: { inspection, metadata: { query_duration_ms: took, generated_at: at } } }
  },
})

const districtIds = z
  .string()
  .max(2000)
  .transform((text, ctx) =>
    text.split(',').map((one) => {
      const found = normalDistrict(one.trim())
      if (found === undefined) ctx.addIssue({ code: 'custom', message: 'must be district ids like 42,101,F' })
      return found ?? z.NEVER
    }),
  )

const payload = defineRoute({
  method: 'GET',
  path: `${SNAPSHOTS}/:snapshotId/payload`,
  access: 'read',
  operation: 'getSnapshotPayload',
  about: 'Statistics and clubs of the districts of a date, some districts at a time',
  params: id,
  query: z.strictObject({
    districts: districtIds.optional().meta({ description: 'Only these, separated by commas' }),
    after: z.string().max(16).optional().meta({ description: 'Districts after this one: the next of the answer before' }),
    limit: number(1, MAX_PAYLOADS).default(5),
  }),
  answers: [{ status: 200, body: payloadBody }],
  refusals,
  async answer({ params: { snapshotId }, query }, { db }) {
    const snapshot = await existing(db, snapshotId)
    const { found, took, at } = await timed(readPayload(db, snapshot.id, query))
    return {
      status: 200,
      body: {
        payload: { ...snapshotShown(snapshot), districts: found.districts.map(payloadShown) },
        metadata: { next: found.next, limit_applied: query.limit, query_duration_ms: took, generated_at: at },
      },
    }
  },
})

const health = defineRoute({
  method: 'GET',
  path: `${STORE}/health`,
  access: 'read',
  operation: 'getSnapshotStoreHealth',
  about: 'Whether statistics are stored, and how the newest dates stand',
  answers: [{ status: 200, body: healthBody }],
  refusals,
  async answer(_, { db }) {
    const { found, took, at } = await timed(storeHealth(db))
    const { current, latest, recent, mismatches } = found
    return {
      status: 200,
      body: {
        health: {
          is_ready: current !== null,
          current_snapshot: current && snapshotShown(current),
          latest_snapshot: latest && snapshotShown(latest),
          recent_activity: {
            total_snapshots: recent.total,
            successful_snapshots: recent.complete,
            failed_snapshots: 0,
            partial_snapshots: recent.partial,
            most_recent: recent.updatedAt?.toISOString() ?? null,
          },
          store_status: {
            has_current_snapshot: current !== null,
            current_matches_latest: current?.id === latest?.id,
            // A store that is not is answered by 503.
            store_accessible: true,
          },
          refused_files: mismatches,
        },
        metadata: { checked_at: at, check_duration_ms: took },
      },
    }
  },
})

const integrity = defineRoute({
  method: 'GET',
  path: `${STORE}/integrity`,
  access: 'read',
  operation: 'getSnapshotStoreIntegrity',
  about: 'Whether what is stored is what was read, computed again from files and rows of some dates',
  query: z.strictObject({ dates: number(1, MAX_DATES).default(10), before: day.optional() }),
  answers: [{ status: 200, body: integrityBody }],
  refusals,
  async answer({ query }, { db }) {
    const { found, took, at } = await timed(storeIntegrity(db, query))
    const { isValid, issues, recommendations, checked } = found
    return {
      status: 200,
      body: {
        integrity: {
          isValid,
          corruptionIssues: issues.map((one) => `${one.date} ${one.districtId ?? 'summary'}: ${one.message}`),
          recoveryRecommendations: recommendations,
          validatedAt: at,
          checked,
        },
        metadata: { checked_at: at, check_duration_ms: took },
      },
    }
  },
})

const performanceRoute = defineRoute({
  method: 'GET',
  path: `${STORE}/performance`,
  access: 'read',
  operation: 'getSnapshotStorePerformance',
  about: 'Reads and their cache, the limit of the dashboards, the newest jobs, and the size of the tables',
  answers: [{ status: 200, body: performanceBody }],
  refusals,
  async answer(_, context) {
    const { found, took, at } = await timed(performanceShown(context))
    return { status: 200, body: { performance: found, metadata: { checked_at: at, check_duration_ms: took } } }
  },
})

const reset = defineRoute({
  method: 'POST',
  path: `${STORE}/performance/reset`,
  access: 'admin',
  operation: 'resetSnapshotStorePerformance',
  about: 'Count the hits and misses of the cache from 0 again; its contents stay',
  answers: [{ status: 200, body: z.object({ success: z.boolean(), message: z.string() }) }],
  refusals,
  async answer(_, context) {
    await context.act('districts.performance.reset', 'cache', {}, (tx) => resetCacheStatistics(tx))
    return { status: 200, body: { success: true, message: 'Performance metrics reset successfully' } }
  },
})

export const adminRoutes: readonly Route[] = [list, get, payload, health, integrity, performanceRoute, reset]
