import type { Source } from '../../backend/contract'
import { type Started, startJobs as startAll } from '../../backend/engine/jobs/verbs'
import { wake } from '../../backend/engine/wake'
import type { Ground } from './harness'
import { until } from './wait'

export const ENDED = ['completed', 'partial', 'failed', 'cancelled']

/** Starts a job for each request, in one transaction, and wakes. */
export async function startJobs<P>(ground: Ground, source: Source<P>, requests: readonly unknown[]): Promise<Started[]> {
  const parsed = requests.map((request) => source.params.parse(request))
  const started = await startAll({ ...ground, sources: [source as Source] }, source as Source, parsed)
  await wake(ground.db, ground.broker)
  return started
}

/** How long a job's pages took, from the first claim to the last commit, ms by the database's clock. */
export async function pageTime(ground: Ground, job: string): Promise<{ ms: number; pages: number }> {
  const [row] = await ground.db.query<{ ms: number; pages: number }>(
    `select (extract(epoch from max(t.settled_at) - min(j.started_at)) * 1000)::float8 as ms, sum(t.pages)::int as pages
       from backhaul.tasks t join backhaul.jobs j on j.id = t.job_id where j.id = $1 and t.stream <> '$finish'`,
    [job],
  )
  if (!row) throw new Error(`there is no job ${job}`)
  return row
}

/** Waits for a job's end. @throws {Error} when it did not complete: such a run measures nothing */
export async function completed(ground: Ground, job: string, timeoutMs: number): Promise<void> {
  const read = () =>
    ground.db.query<{ status: string; error: string | null }>(
      `select j.status, coalesce(j.error, (select max(t.error) from backhaul.tasks t where t.job_id = j.id)) as error from backhaul.jobs j where j.id = $1`,
      [job],
    )
  const end = await until(async () => (await read()).find((row) => ENDED.includes(row.status)), timeoutMs, `job ${job} to end`)
  if (end.status !== 'completed') throw new Error(`job ${job} is ${end.status}: ${end.error}`)
}
