import type { Reader } from '../../base/sql'
import type { SourceWork } from '../../contract'

const MAX_JOBS = 20

/** What waits of a source. */
export const workOf = (db: Reader, source: string): SourceWork => ({
  async untaken(ms) {
    const jobs = await db.query<{ id: string }>(
      `select j.id from backhaul.jobs j where j.source = $1 and j.admitted and exists (
         select 1 from backhaul.tasks t where t.job_id = j.id and t.state = 'ready' and t.claim is null
            and t.due_at < clock_timestamp() - $2 * interval '1 ms')
        order by j.created_at, j.id limit ${MAX_JOBS}`,
      [source, ms],
    )
    return jobs.map(({ id }) => id)
  },
})
