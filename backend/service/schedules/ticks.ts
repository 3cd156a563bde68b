import { z } from 'zod'
import { type JobStatus, jsonInt } from '../../base/vocabulary'
import type { Service } from '../base/context'
import { bigintText, limitOf, makeCursor, type Page, type PageAsk, pageOf, readCursor } from '../base/cursor'
import { getSchedule } from './schedules'

/** What became of a tick of a schedule. */
export interface Tick {
  id: number | string
  at: string
  /** Null: a person started it. */
  tickAt: string | null
  outcome: 'started' | 'joined' | 'skipped' | 'refused'
  job: string | null
  /** Of the job, now; null once the job was deleted, and where there is none. */
  jobStatus: JobStatus | null
  /** Why it started no job of its own. */
  reason: string | null
}

interface Row extends Omit<Tick, 'id' | 'at' | 'tickAt'> {
  id: bigint
  at: Date
  tickAt: Date | null
}

/** The history of a schedule, newest first. @param id its id or its name @throws {Refused} `missing`, `input` */
export async function listTicks(service: Pick<Service, 'db'>, id: string, ask: PageAsk = {}): Promise<Page<Tick>> {
  const { id: schedule } = await getSchedule(service, id)
  const limit = limitOf(ask)
  const list = `ticks of ${schedule}`
  const [before] = readCursor(list, null, z.tuple([bigintText]), ask.cursor) ?? []
  const rows = await service.db.query<Row>(
    `select t.id, t.at, t.tick_at as "tickAt", t.outcome, t.job_id as job, j.status as "jobStatus", t.reason
       from backhaul.schedule_ticks t left join backhaul.jobs j on j.id = t.job_id
      where t.schedule_id = $1 and ($2::bigint is null or t.id < $2) order by t.id desc limit $3`,
    [schedule, before ?? null, limit + 1],
  )
  return pageOf(
    rows,
    limit,
    (row) => makeCursor(list, null, [row.id.toString()]),
    (row) => ({ ...row, id: jsonInt(row.id), at: row.at.toISOString(), tickAt: row.tickAt?.toISOString() ?? null }),
  )
}
