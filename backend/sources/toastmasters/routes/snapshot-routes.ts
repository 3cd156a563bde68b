import { z } from 'zod'
import { Refused } from '../../../base/errors'
import { defineRoute, type Route, type RouteContext } from '../../../contract'
import { isDay } from '../calendar'
import { normalDistrict } from '../ids'
import { listSnapshots, readPayload, readSnapshot, type SnapshotFilters } from '../store'
import { day, number, refusals, timed } from './admin'
import { payloadBody, snapshotBody, snapshotsBody, statusOfSnapshot } from './snapshot-shapes'
import { districtShown, payloadShown, snapshotShown } from './snapshots'

/*
 * The stored dates: their list, one of them, and the clubs of its districts.
 */

const SNAPSHOTS = '/api/admin/snapshots'
const MAX_SNAPSHOTS = 100
/** Districts of one payload: each has some hundred kilobytes of clubs. */
const MAX_PAYLOADS = 10

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

export const snapshotRoutes: readonly Route[] = [list, get, payload]
