import type { Tx } from '../../../base/sql'
import type { LookupIds } from '../../../contract'

/**
 * Asks for ids. What is fresh, or open already, costs no write, except that an open row notes the job; an answer on its way
 * is as good as one asked for now.
 * @param by.force asks again also what is fresh or on its way
 */
export async function ask(tx: Tx, wanted: LookupIds, by: { jobId?: string; priority: number; force?: boolean }): Promise<void> {
  for (const kind of Object.keys(wanted).sort()) {
    const ids = [...new Set(wanted[kind])].sort()
    if (ids.length === 0) continue
    const jobs = by.jobId ? [by.jobId] : []
    await tx.query(
      `with wanted as (select unnest($2::text[]) as id), touch as (
         select l.id from backhaul.lookups l join wanted w on w.id = l.id
          where l.kind = $1 and case when l.asked > l.answered then not l.jobs @> $3::uuid[] or l.priority > $4 or ($5 and (l.claim is not null or l.attempts > 0))
                                     else $5 or coalesce(l.fresh_until, '-infinity') <= clock_timestamp() end
          order by l.id for update of l
       ), again as (
         update backhaul.lookups l
            set jobs = array(select distinct unnest(l.jobs || $3::uuid[])), priority = least(l.priority, $4),
                asked = case when l.asked > l.answered and not ($5 and l.claim is not null) then l.asked else l.asked + 1 end,
                asked_at = case when l.asked > l.answered then l.asked_at else clock_timestamp() end,
                due_at = case when l.asked > l.answered and not ($5 and l.attempts > 0) then l.due_at else clock_timestamp() end
           from touch where l.kind = $1 and l.id = touch.id
       )
       insert into backhaul.lookups (kind, id, jobs, priority)
       select $1, w.id, $3::uuid[], $4 from wanted w
        where not exists (select 1 from backhaul.lookups l where l.kind = $1 and l.id = w.id) order by w.id
       on conflict (kind, id) do nothing`,
      [kind, ids, jobs, by.priority, by.force ?? false],
    )
  }
}
