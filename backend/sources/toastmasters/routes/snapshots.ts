import type { z } from 'zod'
import type { DistrictPayload, Snapshot, SnapshotDistrict } from '../store'
import { type payloadBody, type snapshot, type snapshotBody, wordOfSnapshot } from './snapshot-shapes'

/*
 * Stored dates as the admin routes show them.
 */

type Shown<Body extends z.ZodType, Key extends keyof z.input<Body>> = z.input<Body>[Key] extends { districts: (infer One)[] } ? One : never

export const snapshotShown = (it: Snapshot): z.input<typeof snapshot> => ({
  snapshot_id: it.id,
  created_at: it.createdAt.toISOString(),
  status: wordOfSnapshot(it.status),
  schema_version: it.schemaVersion,
  calculation_version: it.calculationVersion,
  size_bytes: it.size,
  error_count: it.errors,
  district_count: it.detail === 'full' ? it.districtsStored : it.districtsListed,
  updated_at: it.updatedAt.toISOString(),
  program_year: it.programYear,
  month_end: it.monthEnd,
  as_of: it.asOf,
  detail: it.detail,
  is_final: it.isFinal,
  districts_listed: it.districtsListed,
  districts_in_scope: it.districtsInScope,
  districts_stored: it.districtsStored,
  club_count: it.clubs,
})

export const districtShown = (it: SnapshotDistrict): Shown<typeof snapshotBody, 'inspection'> => ({
  district_id: it.districtId,
  status: it.isStored ? 'success' : 'missing',
  as_of: it.asOf,
  fetched_at: it.fetchedAt?.toISOString() ?? null,
  stored_at: it.storedAt?.toISOString() ?? null,
  is_final: it.isFinal,
  club_count: it.clubs,
  member_count: it.members,
  is_listed: it.isListed,
})

/** The statistics keep the names of the tables' fields. */
export function payloadShown({ districtId, summary, figures, clubs }: DistrictPayload): Shown<typeof payloadBody, 'payload'> {
  return {
    district_id: districtId,
    summary: summary && { ...summary },
    statistics: figures && { ...figures, fetchedAt: figures.fetchedAt.toISOString() },
    clubs: clubs.map((club) => ({ ...club })),
  }
}
