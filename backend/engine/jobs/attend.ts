import { Refused } from '../../base/errors'
import type { Engine } from '../engine'
import { ACTIVE, setTaskPriority } from '../store'
import { findJob, goOn, type JobRow } from './verbs'

/*
 * What a person does about a job beside its life: says that they know of its failure, or that it is more or less urgent.
 */

const refused = ({ id, status }: JobRow, what: string): Refused =>
  new Refused('state', `job ${id.slice(0, 8)} is ${status}; ${what}`, 'status', status)

/** Notes who knows that a job failed, so that it no longer asks for attention; a retry forgets it. @throws {Refused} `state` */
export async function acknowledge(engine: Engine, id: string, who: string): Promise<JobRow> {
  const job = await findJob(engine, id)
  const rows = await engine.db.query(
    `update backhaul.jobs set acknowledged_at = coalesce(acknowledged_at, clock_timestamp()), acknowledged_by = coalesce(acknowledged_by, $2)
      where id = $1 and status in ('failed', 'partial') returning id`,
    [job.id, who],
  )
  if (rows.length === 0) throw refused(await findJob(engine, job.id), 'acknowledge needs it to be failed or partial')
  return await findJob(engine, job.id)
}

/** Makes a job that has not ended more or less urgent: what of it has not been read yet. @throws {Refused} `state` */
export async function setPriority(engine: Engine, id: string, priority: number): Promise<JobRow> {
  const job = await findJob(engine, id)
  const rows = await engine.db.query(`update backhaul.jobs set priority = $2 where id = $1 and status in ${ACTIVE} returning id`, [
    job.id,
    priority,
  ])
  if (rows.length === 0) throw refused(await findJob(engine, job.id), 'its priority matters no more')
  await setTaskPriority(engine.db, job.id, priority)
  await goOn(engine)
  return await findJob(engine, job.id)
}
