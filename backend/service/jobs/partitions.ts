import { Refused } from '../../base/errors'
import { DEFAULT_CELLS, jsonInt, MAX_CELLS, WORST_FIRST } from '../../base/vocabulary'
import type { CellCount, GridWindow, PartitionCell, Partitions } from '../../contract'
import { findJob } from '../../engine/jobs/verbs'
import { type CellRow, countCells, readCells } from '../../engine/store'
import { databaseCache } from '../base/caches'
import type { Service } from '../base/context'

/** Columns are left out only where there are more: a month of days. */
const COLUMNS_KEPT = 31

/**
 * The grid of a job's partitions, or a window of it; empty if its source has none.
 * @param part `all`: every cell, whatever their number
 * @throws {Refused} `missing`, `input`
 */
export async function partitionsOf(service: Service, id: string, part: GridWindow | 'all' = {}): Promise<Partitions> {
  const job = await findJob(service, id)
  if (part === 'all') return wholeGrid((await readCells(service.db, job.id)).map(show))
  const limit = checkedLimit(part.limit)
  const grid = await gridCache(service).get(`${job.id} ${job.status} ${job.report === null}`, () => countGrid(service, job.id))
  const columns = within(grid.columns, part.columnsFrom, part.columnsTo)
  const rows = within(grid.rows, part.rowsFrom, part.rowsTo)
  // Without an end the size follows from the whole grid, so that windows beside each other are alike.
  const size = sizeOf(limit, {
    columns: part.columnsTo === undefined ? grid.columns.length : columns.length,
    rows: part.rowsTo === undefined ? grid.rows.length : rows.length,
  })
  const shown = { columns: columns.slice(0, size.columns), rows: rows.slice(0, size.rows) }
  const isEmpty = shown.columns.length === 0 || shown.rows.length === 0
  const cells = isEmpty ? [] : (await readCells(service.db, job.id, shown)).map(show)
  return { ...shown, cells, ...countsOf(grid, shown, cells), ...neighbors(grid, shown, size) }
}

interface Size {
  columns: number
  rows: number
}

/** How many columns and rows of so many fit: all rows if they leave room for a month of columns, else as many as do. */
function sizeOf(limit: number, { columns, rows }: Size): Size {
  const width = Math.min(columns, limit, Math.max(COLUMNS_KEPT, Math.floor(limit / Math.max(1, rows))))
  return { columns: width, rows: Math.min(rows, Math.floor(limit / Math.max(1, width))) }
}

function checkedLimit(limit = DEFAULT_CELLS): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_CELLS) return limit
  throw new Refused('input', `limit must be a whole number from 1 to ${MAX_CELLS}, got ${limit}.`, 'limit')
}

/** What is counted over all cells of a job. */
interface Grid {
  rows: string[]
  columns: string[]
  cells: number
  counts: CellCount[]
  byRow: Map<string, CellCount[]>
}

const gridCache = databaseCache<Grid>(500)

async function countGrid({ db }: Pick<Service, 'db'>, jobId: string): Promise<Grid> {
  const byRow = new Map<string, CellCount[]>()
  const { tallies, columns } = await countCells(db, jobId)
  for (const { row, ...tally } of tallies) listAt(byRow, row).push(tally)
  return gridOf(columns, byRow)
}

function gridOf(columns: Iterable<string>, byRow: Map<string, CellCount[]>): Grid {
  const sums = new Map<string, CellCount>()
  for (const { state, kind, cells } of [...byRow.values()].flat()) {
    const key = `${state} ${kind}`
    sums.set(key, { state, kind, cells: (sums.get(key)?.cells ?? 0) + cells })
  }
  const counts = inOrder([...sums.values()])
  const cells = counts.reduce((sum, one) => sum + one.cells, 0)
  for (const [row, some] of byRow) byRow.set(row, inOrder(some))
  return { rows: sorted(byRow.keys()), columns: sorted(columns), cells, counts, byRow }
}

/** The whole grid, counted from its cells, so that the two agree. */
function wholeGrid(cells: PartitionCell[]): Partitions {
  const columns = new Set<string>()
  const byRow = new Map<string, CellCount[]>()
  for (const { row, column, state, kind } of cells) {
    columns.add(column)
    const counts = listAt(byRow, row)
    const same = counts.find((one) => one.state === state && one.kind === kind)
    if (same) same.cells++
    else counts.push({ state, kind, cells: 1 })
  }
  const grid = gridOf(columns, byRow)
  const beside = { columns: null, rows: null }
  return { rows: grid.rows, columns: grid.columns, cells, ...countsOf(grid, grid, cells), previous: beside, next: beside }
}

interface Shown {
  rows: readonly string[]
  columns: readonly string[]
}

const countsOf = (grid: Grid, { rows }: Shown, cells: readonly PartitionCell[]): Pick<Partitions, 'totals' | 'counts' | 'rowCounts'> => ({
  // The cells may be newer than the counts.
  totals: {
    rows: grid.rows.length,
    columns: grid.columns.length,
    cells: Math.max(grid.cells, cells.length),
    omitted: Math.max(0, grid.cells - cells.length),
  },
  counts: grid.counts,
  rowCounts: rows.map((row) => ({ row, counts: grid.byRow.get(row) ?? [] })),
})

/** Where windows of this size begin, before and after the one shown. */
function neighbors(grid: Grid, shown: Shown, size: Size): Pick<Partitions, 'previous' | 'next'> {
  const beside = (axis: keyof Size, by: 1 | -1): string | null => {
    const [first] = shown[axis]
    const start = first === undefined ? -1 : grid[axis].indexOf(first)
    if (start < 0 || (by < 0 && start === 0)) return null
    return grid[axis][Math.max(0, start + by * size[axis])] ?? null
  }
  return {
    previous: { columns: beside('columns', -1), rows: beside('rows', -1) },
    next: { columns: beside('columns', 1), rows: beside('rows', 1) },
  }
}

const show = ({ changedAt, taskId, ...cell }: CellRow): PartitionCell => ({
  ...cell,
  changedAt: changedAt.toISOString(),
  taskId: jsonInt(taskId),
})

const collator = new Intl.Collator('en', { numeric: true })
/** Digits as numbers; `2` and `02`, which are equal so, by their characters. */
const compare = (a: string, b: string): number => collator.compare(a, b) || (a < b ? -1 : Number(a > b))
const sorted = (labels: Iterable<string>): string[] => [...labels].sort(compare)
const within = (labels: readonly string[], from?: string, to?: string): string[] =>
  labels.filter((label) => (from === undefined || compare(label, from) >= 0) && (to === undefined || compare(label, to) <= 0))

/** The worst first, of one state the most frequent first. */
const rankOf = ({ state }: CellCount): number => WORST_FIRST.indexOf(state)
const inOrder = (counts: readonly CellCount[]): CellCount[] =>
  [...counts].sort((a, b) => rankOf(a) - rankOf(b) || b.cells - a.cells || compare(a.kind ?? '', b.kind ?? ''))

function listAt(lists: Map<string, CellCount[]>, key: string): CellCount[] {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  return list
}
