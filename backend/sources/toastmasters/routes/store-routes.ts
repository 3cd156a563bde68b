import { z } from 'zod'
import { defineRoute, type Route } from '../../../contract'
import { resetCacheStatistics, storeHealth, storeIntegrity } from '../store'
import { day, number, refusals, timed } from './admin'
import { performanceShown } from './performance'
import { healthBody, integrityBody, performanceBody } from './snapshot-shapes'
import { snapshotShown } from './snapshots'

/*
 * How the store is: health, integrity, and the figures of its reads.
 */

const STORE = '/api/admin/snapshot-store'
const MAX_DATES = 100

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

export const storeRoutes: readonly Route[] = [health, integrity, performanceRoute, reset]
