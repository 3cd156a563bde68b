import type { Tx } from '../../base/sql'
import { COUNT_NAMES } from '../../base/vocabulary'
import type { NewTask, RetryChoice, Source } from '../../contract'
import { andChosen } from './choice'
import { FINISH, NOT_WOKEN } from './task'

/*
 * Settled tasks that are opened again: by a retry, or because something of them is missing.
 */

const RESET = `attempts = 0, error = null, error_kind = null, error_api = null, reason = null, reason_kind = null, settled_at = null,
  waiting_since = null, due_at = clock_timestamp(), ${NOT_WOKEN}`
/** @param lane the SQL of the task's lane: a task of a lane is let in by its turn */
const opened = (lane: string): string => `state = case when ${lane} is null then 'ready' else 'waiting' end::backhaul.task_state, ${RESET}`
/** What is read from the beginning is counted from the beginning: else records read twice would hide that others are lacking. */
const UNCOUNTED = `pages = 0, ${COUNT_NAMES.map((name) => `${name} = 0`).join(', ')}, expected = null, unverified = null, notes = '{}', counters = '{}'`

/** Of done tasks: it is not proven that all was read. */
const UNPROVEN = `state = 'done' and (unverified is not null or expected > seen)`
/** Tasks whose first cursor is known: those of one page have it still. */
const HAS_START = `(pages <= 1 or first_cursor is not null)`

/**
 * The condition that a task of a job is missing although it did not fail.
 * @param kinds the parameter with the kinds of skips
 */
export const isMissing = (kinds: string): string =>
  `(state = 'skipped' and reason_kind = any(${kinds}::text[]) and (pages > 0 or lane is not null) or ${UNPROVEN} and ${HAS_START})`

/**
 * Opens a job's failed tasks again, with all their attempts, and deletes its finish task: it is inserted again when nothing is left to
 * do.
 * @param only those of them
 * @param kinds of skips whose tasks are opened as well, if `only.missing`
 * @returns how many of them were opened, the finish task not counted
 */
export async function reopenFailed(tx: Tx, jobId: string, only: RetryChoice = {}, kinds: readonly string[] = []): Promise<number> {
  await tx.query(`delete from backhaul.tasks where job_id = $1 and stream = '${FINISH}' and state in ('done', 'failed')`, [jobId])
  const unread = only.missing ? await openUnread(tx, jobId, only, kinds) : 0
  const values: unknown[] = [jobId]
  const [row] = await tx.query<{ tasks: number }>(
    `with opened as (update backhaul.tasks set ${opened('lane')}
      where job_id = $1 and state = 'failed'${andChosen(only, values)} returning 1)
     select count(*)::int as tasks from opened`,
    values,
  )
  return unread + (row?.tasks ?? 0)
}

/** Opens what is missing, from the beginning. */
async function openUnread(tx: Tx, jobId: string, only: RetryChoice, kinds: readonly string[]): Promise<number> {
  const values: unknown[] = [jobId, kinds]
  const [row] = await tx.query<{ tasks: number }>(
    `with opened as (
       update backhaul.tasks set ${opened('lane')}, ${UNCOUNTED},
              cursor = coalesce(first_cursor, cursor), first_cursor = null
        where job_id = $1 and ${isMissing('$2')}${andChosen(only, values)} returning id
     ), ${FORGOTTEN}
     select count(*)::int as tasks from opened`,
    values,
  )
  return row?.tasks ?? 0
}

/** What was rejected comes again. */
const FORGOTTEN = `forgotten as (delete from backhaul.rejects r using opened o where r.job_id = $1 and r.task_id = o.id)`

/**
 * Opens the tasks that a job has already and that were found again to be read; corrects the reason of those that are still not read; and
 * deletes tasks that were skipped unread from cells that are read now.
 * @param tasks with `again`
 * @returns how many were opened
 */
export async function openAgain(tx: Tx, jobId: string, source: Source, tasks: readonly NewTask[]): Promise<number> {
  const sorted = [...tasks].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
  const cells = sorted.map(({ stream, key }) => source.streams[stream]?.cell?.(key))
  const skips = sorted.map(({ ended }) => (ended && 'skipped' in ended ? ended : undefined))
  const [row] = await tx.query<{ tasks: number }>(
    `with n as (
       select * from unnest($2::text[], $3::text[], $4::text[], $5::int[], $6::jsonb[], $7::text[], $8::text[], $9::text[], $10::text[], $11::boolean[])
                as n(stream, key, lane, stage, cursor, cell_row, cell_column, reason, reason_kind, ended)
     ), opened as (
       update backhaul.tasks t set ${opened('n.lane')}, ${UNCOUNTED}, lane = n.lane, stage = n.stage,
              cursor = n.cursor, first_cursor = null
         from n where not n.ended and t.job_id = $1 and t.stream = n.stream and t.key = n.key and t.state in ('done', 'skipped') returning t.id
     ), ${FORGOTTEN}, corrected as (
       update backhaul.tasks t set reason = n.reason, reason_kind = n.reason_kind
         from n where n.reason is not null and t.job_id = $1 and t.stream = n.stream and t.key = n.key and t.state = 'skipped' and t.pages = 0
     ), gone as (
       delete from backhaul.tasks t using n
        where not n.ended and t.job_id = $1 and t.cell_column = n.cell_column and t.cell_row = n.cell_row and t.state = 'skipped' and t.pages = 0
          and not exists (select from n m where m.stream = t.stream and m.key = t.key)
     )
     select count(*)::int as tasks from opened`,
    [
      jobId,
      sorted.map((task) => task.stream),
      sorted.map((task) => task.key),
      sorted.map((task) => task.lane ?? null),
      sorted.map((task) => task.stage ?? 0),
      sorted.map((task) => JSON.stringify(task.cursor)),
      cells.map((cell) => cell?.row ?? null),
      cells.map((cell) => cell?.column ?? null),
      skips.map((skip) => skip?.skipped ?? null),
      skips.map((skip) => skip?.kind ?? null),
      sorted.map(({ ended }) => ended !== undefined),
    ],
  )
  return row?.tasks ?? 0
}

const sortKey = ({ stream, key }: NewTask): string => `${stream} ${key}`
