import type { Tx } from '../../../base/sql'
import type { Written } from '../../../contract'
import type { Day } from '../calendar'
import type { Body } from '../client'

/** Makes the snapshot of a date when it is the first to store anything of it; pages share its row, and none changes it. */
export async function openSnapshot(tx: Tx, logicalDate: Day, programYear: string): Promise<void> {
  await tx.query(
    `insert into toastmasters.snapshots (logical_date, program_year, month_end)
     values ($1, $2, (date_trunc('month', $1::date) + interval '1 month - 1 day')::date) on conflict (logical_date) do nothing`,
    [logicalDate, programYear],
  )
}

/** What a page that keeps a file comes to. */
export const written = (body: Body, { counts, ...rows }: Partial<Written> = {}): Written => ({
  new: 0,
  updated: 0,
  unchanged: 0,
  ...rows,
  counts: { [body.cached ? 'cache_hits' : 'files']: 1, ...counts },
})
