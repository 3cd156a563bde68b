import type { Reader } from '../../base/sql'
import { type TaskState, WORST_FIRST } from '../../base/vocabulary'

/*
 * A job as a grid. Several tasks may stand in one cell: it shows the state of the worst of them, so that it is done only when all of
 * them are. The index tasks_cells holds the tasks cell by cell.
 */

/** What a cell shows: the state of its worst task, and the kind of its skip or last error. */
export interface CellState {
  state: TaskState
  kind: string | null
}

export interface CellRow extends CellState {
  row: string
  column: string
  /** Why the deciding task was skipped, or its last error. */
  reason: string | null
  attempts: number
  changedAt: Date
  tasks: number
  /** The deciding task. */
  taskId: bigint
}

/** Cells of one row that show the same. */
export interface CellTally extends CellState {
  row: string
  cells: number
}

const RANK = `case ${WORST_FIRST.map((state, rank) => `when ${state === 'held' ? 'claim is not null' : `state = '${state}'`} then ${rank}`).join(' ')} end`
const KIND = `case when state = 'skipped' then reason_kind when state = 'failed' then coalesce(error_kind, 'unknown') when state in ('ready', 'waiting') then error_kind end`
/** The first characters: thousands of them are read at once. */
const REASON = `left(case when state = 'skipped' then reason when state not in ('done', 'cancelled') then error end, 300)`
/** Rank and kind in one text, which sorts and is compared as such: the least of a cell's tasks is what the cell shows. */
const SHOWN = `(${RANK} || coalesce(${KIND}, '')) collate "C"`

const stateOf = (shown: string): CellState => ({
  state: WORST_FIRST[Number(shown[0])] as TaskState,
  kind: shown.slice(1) || null,
})

/** Counts the cells of a job by what they show, row by row, and names its columns. */
export async function countCells(db: Reader, jobId: string): Promise<{ tallies: CellTally[]; columns: string[] }> {
  const rows = await db.query<{ row: string | null; column: string | null; shown: string | null; cells: number }>(
    `with cells as (
       select cell_row, cell_column, min(${SHOWN}) as shown from backhaul.tasks where job_id = $1 and cell_column is not null group by 1, 2
     )
     select cell_row as row, cell_column as column, shown, count(*)::int as cells
       from cells group by grouping sets ((cell_row, shown), (cell_column))`,
    [jobId],
  )
  return {
    tallies: rows.flatMap(({ row, shown, cells }) => (row === null || shown === null ? [] : [{ row, cells, ...stateOf(shown) }])),
    columns: rows.flatMap(({ column }) => column ?? []),
  }
}

/** Whether a task of a job has a place in a grid. */
export async function hasCells(db: Reader, jobId: string): Promise<boolean> {
  const rows = await db.query('select 1 from backhaul.tasks where job_id = $1 and cell_column is not null limit 1', [jobId])
  return rows.length > 0
}

/** The cells of a job. @param part only those in these rows and columns */
export async function readCells(
  db: Reader,
  jobId: string,
  part?: { rows: readonly string[]; columns: readonly string[] },
): Promise<CellRow[]> {
  const rows = await db.query<Omit<CellRow, keyof CellState> & { shown: string }>(
    `select distinct on (cell_column, cell_row) cell_row as row, cell_column as column, ${SHOWN} as shown, ${REASON} as reason, attempts,
            max(greatest(created_at, claimed_at, paged_at, settled_at)) over cell as "changedAt", (count(*) over cell)::int as tasks, id as "taskId"
       from backhaul.tasks
      where job_id = $1 and cell_column is not null${part ? ' and cell_column = any($2) and cell_row = any($3)' : ''}
     window cell as (partition by cell_column, cell_row order by ${SHOWN}, id rows between unbounded preceding and unbounded following)
      order by cell_column, cell_row, ${SHOWN}, id`,
    [jobId, ...(part ? [part.columns, part.rows] : [])],
  )
  return rows.map(({ shown, ...cell }) => ({ ...cell, ...stateOf(shown) }))
}
