import type { Tx } from '../../base/sql'
import type { Foreseen } from '../../contract'
import { textOf } from './task'

/**
 * Keeps what a page foresees of stages of its job; the last page wins.
 * @throws {RangeError} for a number that is not a whole number of at least 0: an error of the source
 */
export async function keepForeseen(tx: Tx, jobId: string, foreseen: readonly Foreseen[]): Promise<void> {
  if (foreseen.length === 0) return
  const wrong = foreseen.find(({ expected }) => expected !== null && !(Number.isSafeInteger(expected) && expected >= 0))
  if (wrong) throw new RangeError(`a page foresees ${wrong.expected} records of ${wrong.lane}; it must be a whole number of at least 0`)
  const odd = foreseen.find(({ requests = {} }) => Object.values(requests).some((one) => !(one >= 0 && Number.isFinite(one))))
  if (odd)
    throw new RangeError(`a page foresees ${JSON.stringify(odd.requests)} requests of ${odd.lane}; each must be a number of at least 0`)
  // Sorted by key, so that two pages of a job do not deadlock.
  const one = new Map(foreseen.map((stage) => [JSON.stringify([stage.lane, stage.stage]), stage]))
  const rows = [...one].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, stage]) => stage)
  await tx.query(
    `insert into backhaul.foreseen as f (job_id, lane, stage, label, expected, at_least, requests)
     select $1, n.* from unnest($2::text[], $3::int[], $4::text[], $5::bigint[], $6::boolean[], $7::jsonb[]) n
     on conflict (job_id, lane, stage) do update
        set label = coalesce(excluded.label, f.label), expected = excluded.expected, at_least = excluded.at_least,
            requests = coalesce(excluded.requests, f.requests)`,
    [
      jobId,
      rows.map((row) => textOf(row.lane)),
      rows.map((row) => row.stage),
      rows.map((row) => textOf(row.label) ?? null),
      rows.map((row) => row.expected),
      rows.map((row) => row.atLeast ?? false),
      rows.map((row) => (row.requests ? JSON.stringify(row.requests) : null)),
    ],
  )
}

/** Deletes what was foreseen of a job; its report keeps it. */
export async function deleteForeseen(tx: Tx, jobId: string): Promise<void> {
  await tx.query('delete from backhaul.foreseen where job_id = $1', [jobId])
}
