import type { PartitionCell, Partitions, RouteContext } from '../../../contract'
import { ALL } from '../cursor'
import type { BackfillParams } from '../params'
import { preparedOf } from '../plan'
import type { settings } from '../settings'
import { type Held, latestDistricts, readHeld } from '../store'

/*
 * A job in dates of districts, whatever its tasks are.
 */

export type Context = RouteContext<typeof settings>

/** One date of one district. */
export interface Part {
  date: string
  district: string
  cell: PartitionCell
}

/** What the cells of the grid stand for: a summary is about every district of its date. */
export async function partsOf({ db }: Context, grid: Partitions, params: BackfillParams): Promise<Part[]> {
  const { detail, districts } = preparedOf(params)
  const cells = grid.cells.filter((cell) => cell.row !== ALL)
  const parts: Part[] = cells.map((cell) => ({ date: cell.column, district: cell.row, cell }))
  // In full detail the summary of a date counts only until its districts are known.
  const known = new Set(cells.map((cell) => cell.column))
  const whole = grid.cells.filter(
    (cell) => cell.row === ALL && (detail === 'summary' || (cell.state !== 'done' && !known.has(cell.column))),
  )
  if (whole.length === 0) return parts
  const held = detail === 'summary' ? byDate(await readHeld(db, params.startDate, params.endDate)) : new Map<string, string[]>()
  const otherwise = districts ?? (await latestDistricts(db))
  for (const cell of whole) {
    const listed = held.get(cell.column) ?? otherwise
    const own = districts === null ? listed : districts.filter((id) => !held.has(cell.column) || listed.includes(id))
    if (own.length === 0) parts.push({ date: cell.column, district: ALL, cell })
    for (const district of own) parts.push({ date: cell.column, district, cell })
  }
  return parts
}

function byDate(held: readonly Held[]): Map<string, string[]> {
  const dates = new Map<string, string[]>()
  for (const { date, districtId, detail } of held) {
    if (detail === 'summary') dates.set(date, [...(dates.get(date) ?? []), districtId])
  }
  return dates
}

const UNAVAILABLE = ['unavailable', 'not_yet_published', 'closing_gap']

export const isUnavailable = ({ state, kind }: PartitionCell): boolean => state === 'skipped' && UNAVAILABLE.includes(kind ?? '')
export const isOpen = ({ state }: PartitionCell): boolean => ['waiting', 'ready', 'held'].includes(state)
