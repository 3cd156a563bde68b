import type { Tx } from '../../../base/sql'
import type { Written } from '../../../contract'
import type { Body } from '../client'
import type { SummaryRow } from '../records'
import { keepBody } from './bodies'
import { lock } from './lock'
import { type Decision, decide, SUMMARY } from './revisions'
import { assigned, listed, SUMMARY_COLUMNS, toJson } from './rows'
import { openSnapshot, written } from './snapshots'

/** The summary of a date, and what its file says. */
export interface SummaryBatch {
  body: Body
  rows: readonly SummaryRow[]
  /** Whether it is the last word on its date. */
  isFinal: boolean
}

/**
 * Stores the summary of a date. Its rows replace those of the summary that is held if it is newer; else it is kept as a superseded
 * revision. Counts districts.
 */
export async function saveSummary(tx: Tx, { body, rows, isFinal }: SummaryBatch): Promise<Written> {
  const { logicalDate, ask, hash, fetchedAt, text } = body
  await lock(tx, `summary ${logicalDate}`)
  await keepBody(tx, body)
  const size = Buffer.byteLength(text)
  const decision = await decide(tx, {
    logicalDate,
    scope: SUMMARY,
    asOf: ask.asOf,
    hash,
    hashes: [hash],
    readAt: [fetchedAt],
    isFinal,
    size,
    rows: rows.length,
  })
  switch (decision.outcome) {
    case 'older':
      return written(body, { unchanged: rows.length, counts: { dates_superseded: 1 } })
    case 'unchanged':
      await confirm(tx, body, decision)
      return written(body, { unchanged: rows.length })
    default:
      await openSnapshot(tx, logicalDate, body.programYear)
      return written(body, {
        ...(await replace(tx, body, rows, decision)),
        counts: { dates_superseded: decision.outcome === 'updated' ? 1 : 0 },
      })
  }
}

/** The same summary was read later, or is known to be final now. */
async function confirm(tx: Tx, { logicalDate }: Body, { fetchedAt, isFinal }: Decision): Promise<void> {
  await tx.query(
    `update toastmasters.districts_summary set fetched_at = $2, is_final = $3
      where logical_date = $1 and (fetched_at <> $2 or is_final <> $3)`,
    [logicalDate, fetchedAt, isFinal],
  )
}

async function replace(tx: Tx, body: Body, rows: readonly SummaryRow[], { fetchedAt, isFinal }: Decision): Promise<Partial<Written>> {
  const columns = listed(SUMMARY_COLUMNS)
  const gone = await tx.query('delete from toastmasters.districts_summary where logical_date = $1 and district_id <> all($2) returning 1', [
    body.logicalDate,
    rows.map((row) => row.districtId),
  ])
  const found = await tx.query<{ is_new: boolean; changed: boolean }>(
    `insert into toastmasters.districts_summary as d (logical_date, district_id, program_year, as_of, fetched_at, is_final, ${columns}, stored_at)
     select $1, district_id, $2, $3, $4, $5, ${columns}, transaction_timestamp()
       from jsonb_populate_recordset(null::toastmasters.districts_summary, $6::jsonb) order by district_id
     on conflict (logical_date, district_id) do update set
       program_year = excluded.program_year, as_of = excluded.as_of, fetched_at = excluded.fetched_at, is_final = excluded.is_final,
       ${assigned(SUMMARY_COLUMNS)},
       stored_at = case when (${listed(SUMMARY_COLUMNS, 'd.')}) is distinct from (${listed(SUMMARY_COLUMNS, 'excluded.')})
                        then excluded.stored_at else d.stored_at end
     returning xmax = 0 as is_new, stored_at = transaction_timestamp() as changed`,
    [
      body.logicalDate,
      body.programYear,
      body.ask.asOf,
      fetchedAt,
      isFinal,
      toJson(rows, SUMMARY_COLUMNS, (row) => ({ district_id: row.districtId })),
    ],
  )
  const added = found.filter((row) => row.is_new).length
  const changed = found.filter((row) => row.changed).length
  return { new: added, updated: changed - added, unchanged: found.length - changed, deleted: gone.length }
}
