import type { Reader } from '../../base/sql'
import { SPANS } from '../../base/vocabulary'

/*
 * Keeps the history of a week in few rows: minutes that are old enough are added up to longer spans, which the charts of longer ranges
 * show. Each statement deletes the rows that it adds up, so that nothing is counted twice, whenever it runs.
 */

/** Shortest spans are folded this much at a time. */
const STRETCH = `interval '1 hour'`

/** Rows of one table that are older than their span is kept, into the next longer span. */
interface Folding {
  table: 'samples' | 'uses'
  /** Adds up the rows of a series within a span. */
  insert: string
}

const FOLDINGS: Folding[] = [
  {
    table: 'samples',
    insert: `insert into backhaul.samples (minute, name, labels, minutes, value)
             select span, name, labels, $2, sum(value) from gone group by span, name, labels
             on conflict (minute, name, labels, minutes) do update set value = samples.value + excluded.value`,
  },
  {
    table: 'uses',
    insert: `insert into backhaul.uses (minute, who, api, minutes, counts)
             select span, who, api, $2, array_agg(total order by n)
               from (select span, who, api, n, sum(count)::bigint as total
                       from gone cross join unnest(counts) with ordinality as c(count, n) group by span, who, api, n) added
              group by span, who, api
             on conflict (who, api, minute, minutes) do update
                set counts = (select array_agg(coalesce(old, 0) + coalesce(new, 0) order by n)
                                from unnest(uses.counts, excluded.counts) with ordinality as c(old, new, n))`,
  },
]

/** Folds one stretch of the oldest rows. @returns rows that were folded, 0 when none are left */
async function fold(db: Reader, { table, insert }: Folding): Promise<number> {
  for (const [at, { minutes, keptHours }] of SPANS.entries()) {
    const longer = SPANS[at + 1]
    if (!longer) return 0
    const [row] = await db.query<{ n: number }>(
      `with edge as (
         select date_bin($2 * interval '1 minute', clock_timestamp() - $3 * interval '1 hour', 'epoch') as before
       ), first as (
         select min(minute) as minute from backhaul.${table}, edge where minutes = $1 and minute < before
       ), gone as (
         delete from backhaul.${table} t using edge, first
          where t.minutes = $1 and t.minute < before and t.minute < date_bin($2 * interval '1 minute', first.minute, 'epoch') + ${STRETCH}
         returning t.*, date_bin($2 * interval '1 minute', t.minute, 'epoch') as span
       ), kept as (${insert} returning 1)
       select count(*)::int as n from gone`,
      [minutes, longer.minutes, keptHours],
    )
    if (row?.n) return row.n
  }
  return 0
}

/** The chores of retention that fold. */
export const foldings = (db: Reader): { name: string; run(): Promise<number> }[] =>
  FOLDINGS.map((folding) => ({ name: `${folding.table} folded`, run: () => fold(db, folding) }))
