import type { TaskState } from '../base/vocabulary'

/*
 * The tasks of a job in rows and columns, as streams place them (`Stream.cell`).
 */

/** Which part of a grid to return, by the first and last label of its columns and rows, both included. An absent end is open. */
export interface GridWindow {
  columnsFrom?: string
  columnsTo?: string
  rowsFrom?: string
  rowsTo?: string
  /** The most cells, 5,000 by default; columns and rows beyond it are left out and counted. */
  limit?: number
}

/** The tasks of one cell, shown by the worst of them: the cell is done only when all of them are. */
export interface PartitionCell {
  row: string
  column: string
  /** The first of `failed`, `held`, `ready`, `waiting`, `cancelled`, `skipped` and `done` that one of its tasks is. */
  state: TaskState
  /** Of the skip, or of the last error. */
  kind: string | null
  /** Why it was skipped, or the last error; its first 300 characters. */
  reason: string | null
  /** Failed tries in a row of that task. */
  attempts: number
  /** When a worker last took, read or settled one of the tasks; ISO 8601 in UTC. */
  changedAt: string
  tasks: number
  /** The task that decides: one of the worst. */
  taskId: number | string
}

/** How many cells have the same state and kind. */
export interface CellCount {
  state: TaskState
  kind: string | null
  cells: number
}

/** The grid of a job, or a window of it: each task is in the cell that its stream names. */
export interface Partitions {
  /** Labels inside the window, in order; digits in them are ordered as numbers. */
  rows: string[]
  columns: string[]
  cells: PartitionCell[]
  /** Of the whole grid; `omitted` are cells outside the window. */
  totals: { rows: number; columns: number; cells: number; omitted: number }
  /** Of the whole grid, and of each row in the window with all its columns. */
  counts: CellCount[]
  rowCounts: { row: string; counts: CellCount[] }[]
  /** The first labels of the windows before and after this one; null where there is none. */
  previous: { columns: string | null; rows: string | null }
  next: { columns: string | null; rows: string | null }
}
