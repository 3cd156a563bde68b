import type { Reader, Tx } from '../../../base/sql'
import type { Listed } from '../asks'
import type { Day } from '../calendar'

/** A month's captures, as its page lists them. */
export interface NewList {
  programYear: string
  monthEnd: Day
  listed: readonly Listed[]
}

/** A month's captures, as its page listed them then. */
export interface KeptList extends NewList {
  readAt: Date
}

/** The kept lists of these months, in the order of the months. */
export async function readLists(db: Reader, months: readonly Pick<NewList, 'programYear' | 'monthEnd'>[]): Promise<KeptList[]> {
  return await db.query<KeptList>(
    `select l.program_year as "programYear", l.month_end::text as "monthEnd", l.entries as listed, l.read_at as "readAt"
       from unnest($1::date[], $2::text[]) as m(month_end, program_year)
       join toastmasters.as_of_lists l using (month_end, program_year) order by l.month_end, l.program_year`,
    [months.map((one) => one.monthEnd), months.map((one) => one.programYear)],
  )
}

/**
 * Keeps a list in place of the one before; of two jobs that read it at once the later one is kept.
 * @param readAt by the database's clock; now by default
 */
export async function saveList(tx: Tx, { programYear, monthEnd, listed }: NewList, readAt?: Date): Promise<void> {
  await tx.query(
    `insert into toastmasters.as_of_lists as l (program_year, month_end, entries, read_at) values ($1, $2, $3, coalesce($4, clock_timestamp()))
     on conflict (month_end, program_year) do update set entries = excluded.entries, read_at = excluded.read_at
      where l.read_at <= excluded.read_at`,
    [programYear, monthEnd, JSON.stringify(listed), readAt ?? null],
  )
}
