import type { Tx } from '../../../base/sql'
import type { ClubRow } from '../records'
import type { Decision, Version } from './revisions'
import { assigned, CLUB_COLUMNS, listed, toJson } from './rows'

/** The same statistics were read later, or are known to be final now. */
export async function confirmDistrict(tx: Tx, { logicalDate, scope }: Version, { fetchedAt, isFinal }: Decision): Promise<void> {
  await tx.query(
    `update toastmasters.district_snapshots set fetched_at = $3, is_final = $4
      where logical_date = $1 and district_id = $2 and (fetched_at <> $3 or is_final <> $4)`,
    [logicalDate, scope, fetchedAt, isFinal],
  )
}

/** Writes a district's date: its figures, and its clubs in place of those that are held. */
export async function replaceDistrict(tx: Tx, version: Version & Decision, programYear: string, clubs: readonly ClubRow[]): Promise<void> {
  await replaceClubs(tx, version, clubs)
  const figures = figuresOf(clubs)
  const columns = Object.keys(figures).join(', ')
  await tx.query(
    `insert into toastmasters.district_snapshots (logical_date, district_id, program_year, as_of, fetched_at, is_final, hash, stored_at, ${columns})
     select $1, $2, $3, $4, $5, $6, $7, transaction_timestamp(), ${columns} from jsonb_populate_record(null::toastmasters.district_snapshots, $8::jsonb)
     on conflict (logical_date, district_id) do update set
       program_year = excluded.program_year, as_of = excluded.as_of, fetched_at = excluded.fetched_at, is_final = excluded.is_final,
       hash = excluded.hash, stored_at = excluded.stored_at, ${assigned(Object.fromEntries(Object.keys(figures).map((name) => [name, name])))}`,
    [
      version.logicalDate,
      version.scope,
      programYear,
      version.asOf,
      version.fetchedAt,
      version.isFinal,
      version.hash,
      JSON.stringify(figures),
    ],
  )
}

async function replaceClubs(tx: Tx, { logicalDate, scope }: Version, clubs: readonly ClubRow[]): Promise<void> {
  const columns = listed(CLUB_COLUMNS)
  await tx.query('delete from toastmasters.clubs where logical_date = $1 and district_id = $2 and club_number <> all($3)', [
    logicalDate,
    scope,
    clubs.map((club) => club.clubNumber),
  ])
  await tx.query(
    `insert into toastmasters.clubs as c (logical_date, district_id, club_number, ${columns})
     select $1, $2, club_number, ${columns} from jsonb_populate_recordset(null::toastmasters.clubs, $3::jsonb) order by club_number
     on conflict (logical_date, district_id, club_number) do update set ${assigned(CLUB_COLUMNS)}
      where (${listed(CLUB_COLUMNS, 'c.')}) is distinct from (${listed(CLUB_COLUMNS, 'excluded.')})`,
    [logicalDate, scope, toJson(clubs, CLUB_COLUMNS, (club) => ({ club_number: club.clubNumber }))],
  )
}

/** Columns of `district_snapshots` that are made of its clubs. */
function figuresOf(clubs: readonly ClubRow[]): Record<string, number | null> {
  const withStatus = (status: string) => clubs.filter((club) => club.status?.toLowerCase() === status).length
  return {
    clubs: clubs.length,
    clubs_active: withStatus('active'),
    clubs_low: withStatus('low'),
    clubs_ineligible: withStatus('ineligible'),
    clubs_suspended: withStatus('suspended'),
    clubs_distinguished: clubs.filter((club) => club.distinguished).length,
    members: sumOf(clubs, 'activeMembers'),
    members_base: sumOf(clubs, 'memBase'),
    payments: sumOf(clubs, 'totalToDate'),
  }
}

/** Null where no club has the figure: the year does not tell it. */
function sumOf(clubs: readonly ClubRow[], field: 'activeMembers' | 'memBase' | 'totalToDate'): number | null {
  const known = clubs.map((club) => club[field]).filter((value) => typeof value === 'number')
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0)
}
