import { z } from 'zod'
import { Refused } from '../../base/errors'
import { COUNT_NAMES, type Counted, jsonInt, TASK_STATES } from '../../base/vocabulary'
import type { TaskChoice } from '../../contract'
import { FINISH } from '../../engine/jobs/progress'
import { findJob } from '../../engine/jobs/verbs'
import { andChosen, type Tried } from '../../engine/store'
import type { Service } from '../base/context'
import { bigintText, limitOf, makeCursor, type Page, type PageAsk, pageOf, readCursor } from '../base/cursor'

/** Who read a task, and what its tries were answered. */
interface TaskRan {
  /** The worker that claimed it last. */
  ranBy: string | null
  /** What was deployed where that worker ran; null where that is not recorded. */
  ranVersion: string | null
  /** The API asked last before its error. */
  errorApi: string | null
  /** Its last failed tries, oldest first. */
  tried: Tried[]
}

export interface TaskRow extends Counted, TaskRan {
  id: number | string
  stream: string
  key: string
  lane: string | null
  stage: number
  state: string
  step: number
  pages: number
  expected: number | null
  attempts: number
  errorKind: string | null
  error: string | null
  /** Why it was skipped. */
  reason: string | null
  reasonKind: string | null
  waitingOn: string | null
  dueAt: string
  holder: string | null
  settledAt: string | null
  notes: string[]
}

type Read = Omit<TaskRow, 'id' | 'dueAt' | 'settledAt'> & { id: bigint; dueAt: Date; settledAt: Date | null }

const FIGURES = [...COUNT_NAMES, 'expected'].map((column) => `${column}::float8 as ${column}`)
const COLUMNS = `id, stream, key, lane, stage, state, step, pages, ${FIGURES.join(', ')}, attempts, error_kind as "errorKind", error, reason, reason_kind as "reasonKind",
  waiting_on as "waitingOn", due_at as "dueAt", holder, settled_at as "settledAt", notes, ran_by as "ranBy",
  (select nullif(version, '') from backhaul.starts where process = ran_by limit 1) as "ranVersion", error_api as "errorApi", tried`

/** A job's tasks by stream and key, or those chosen. @throws {Refused} `missing`, `input` */
export async function listTasks(
  service: Service,
  id: string,
  { state, most, task, group, stream, lane, row, column, ...ask }: PageAsk & TaskChoice & { state?: string; most?: number } = {},
): Promise<Page<TaskRow>> {
  if (state !== undefined && !TASK_STATES.some((one) => one === state))
    throw new Refused('input', `There is no state "${state}"; there are ${TASK_STATES.join(', ')}.`, 'state')
  const job = await findJob(service, id)
  const limit = limitOf(ask, most)
  const list = `tasks of ${job.id}`
  const choice = { task, group, stream, lane, row, column }
  const filter = { state, ...choice }
  const after = readCursor(list, filter, z.tuple([z.string(), z.string()]), ask.cursor)
  const values: unknown[] = [job.id]
  const where = [`job_id = $1 and stream <> '${FINISH}'${andChosen(choice, values)}`]
  if (state === 'held') where.push(`state = 'ready' and claim is not null`)
  else if (state !== undefined) where.push(`state = $${values.push(state)}::backhaul.task_state`)
  if (after) where.push(`(stream, key) > ($${values.push(after[0])}, $${values.push(after[1])})`)
  const rows = await service.db.query<Read>(
    `select ${COLUMNS} from backhaul.tasks where ${where.join(' and ')} order by stream, key limit $${values.push(limit + 1)}`,
    values,
  )
  const cursorAfter = (row: Read) => makeCursor(list, filter, [row.stream, row.key])
  return pageOf(rows, limit, cursorAfter, (row) => ({
    ...row,
    id: jsonInt(row.id),
    dueAt: row.dueAt.toISOString(),
    settledAt: row.settledAt?.toISOString() ?? null,
  }))
}

/** A rejected record. */
export interface RejectRow {
  id: number | string
  stream: string
  key: string
  reason: string
  detail: string | null
  raw: string
  at: string
}

/** Longest body shown in a list, characters. */
const PREVIEW = 4096

/** Records that a job rejected, oldest first; bodies cut to 4,096 characters. @throws {Refused} `missing`, `input` */
export async function listRejects(service: Service, id: string, ask: PageAsk = {}): Promise<Page<RejectRow>> {
  const job = await findJob(service, id)
  const limit = limitOf(ask)
  const list = `rejects of ${job.id}`
  const [after] = readCursor(list, null, z.tuple([bigintText]), ask.cursor) ?? []
  const rows = await service.db.query<Omit<RejectRow, 'id' | 'at'> & { id: bigint; at: Date }>(
    `select id, stream, key, reason, detail, left(raw, ${PREVIEW}) as raw, at from backhaul.rejects
      where job_id = $1 and id > $2::bigint order by id limit $3`,
    [job.id, after ?? '0', limit + 1],
  )
  return pageOf(
    rows,
    limit,
    (row) => makeCursor(list, null, [row.id.toString()]),
    (row) => ({ ...row, id: jsonInt(row.id), at: row.at.toISOString() }),
  )
}
