import type { ActiveFault } from '../base/faults'
import type { Sheet } from './sheet'
import type { Row } from './world'

export const TOASTMASTERS_FAULTS: Record<string, string> = {
  'dashboard-429': 'HTTP 429 with `seconds` (30) as Retry-After; a request meanwhile is a violation.',
  'error-page': 'Status 200 with the error page: blank lines, then HTML.',
  'to-error-page': 'HTTP 302 to the error page.',
  'todays-body': "An export: the newest data with its own footer, in place of the day's.",
  'previous-as-of': 'An export: the data and the footer of the as-of day before.',
  'strict-month-end': 'An export: no rows unless the month end in its key is that of the as-of day.',
  'zero-rows': 'An export: header and footer, no rows.',
  'other-district': 'An export: the rows of the district `district` (another one) under the footer asked for.',
  'missing-column': 'An export without the column `column` (the second).',
  'renamed-column': 'An export with the column `column` (the second) called `to` (`Something else`).',
  'cut-rows': 'An export of its first `rows` (1) rows only.',
  'no-footer': 'An export without its footer.',
  'odd-footer': 'An export with its footer in another `form`: full-month (default), unpadded, quoted, or row, which fills a row.',
  'odd-start': 'An export that begins with a byte order mark, or with `text`.',
  'line-feeds': 'An export whose lines end with a line feed only.',
  'short-ids': 'An export whose districts and club numbers have no leading zeros.',
  'bad-cell': 'An export whose row `entry` (0) has `value` (`many`) in the column `column` (the last but one).',
  'short-row': 'An export whose row `entry` (0) lacks its last cells.',
  'no-list': 'A page without its lists.',
  'no-live-pages': 'A page under the path of the live year: HTTP 500, as for its exports.',
}

/** The fault of this name if it happens to the request at hand. */
export type Take = (name: string) => ActiveFault | undefined

const columnOf = (fault: ActiveFault, sheet: Sheet, place: number): string => String(fault.column ?? sheet.columns.at(place))
const shortened = (cell: string): string => (/^\d+$/.test(cell) ? String(Number(cell)) : cell)

/** What the switched-on faults make of an export. @param rowsOf of a district, by default another one than asked for */
export function changedSheet(take: Take, sheet: Sheet, rowsOf: (district: string | undefined) => Row[]): Sheet {
  let changed: Sheet = sheet
  const rows = (change: (row: Row, n: number) => Row) => {
    changed = { ...changed, rows: changed.rows.map(change) }
  }
  if (take('zero-rows')) changed = { ...changed, rows: [] }
  const other = take('other-district')
  if (other) changed = { ...changed, rows: rowsOf(other.district === undefined ? undefined : String(other.district)) }
  const bad = take('bad-cell')
  if (bad) rows((row, n) => (n === Number(bad.entry ?? 0) ? { ...row, [columnOf(bad, sheet, -2)]: String(bad.value ?? 'many') } : row))
  if (take('short-ids'))
    rows((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, cell]) => [name, /^(district|club|club number)$/i.test(name) ? shortened(cell) : cell]),
      ),
    )
  const missing = take('missing-column')
  if (missing) changed = { ...changed, columns: changed.columns.filter((name) => name !== columnOf(missing, sheet, 1)) }
  const renamed = take('renamed-column')
  if (renamed) {
    const [from, to] = [columnOf(renamed, sheet, 1), String(renamed.to ?? 'Something else')]
    rows(({ [from]: cell = '', ...row }) => ({ ...row, [to]: cell }))
    changed = { ...changed, columns: changed.columns.map((name) => (name === from ? to : name)) }
  }
  const cut = take('cut-rows')
  if (cut) changed = { ...changed, rows: changed.rows.slice(0, Number(cut.rows ?? 1)) }
  if (take('no-footer')) changed = { ...changed, footer: undefined }
  const footer = take('odd-footer')
  if (footer) changed = { ...changed, form: (footer.form ?? 'full-month') as Sheet['form'] }
  const start = take('odd-start')
  if (start) changed = { ...changed, start: String(start.text ?? '\uFEFF') }
  const short = take('short-row')
  if (short) changed = { ...changed, shortRow: Number(short.entry ?? 0) }
  return take('line-feeds') ? { ...changed, lineEnd: '\n' } : changed
}
