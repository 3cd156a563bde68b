import { useMemo, useRef, useState } from 'preact/hooks'
import { query } from '../api/client'
import type { JobDetail, Partitions } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useParams } from '../hooks/use-params'
import { count, upper } from '../lib/format'
import { isActive } from '../lib/verbs'
import { Empty } from '../ui/empty'
import { Loaded } from '../ui/loaded'
import { type Band, bandsOf, type Place, stepFrom } from './bands'
import { Cell } from './cell'
import { CellDetails } from './cell-details'
import { GridWindow } from './grid-window'
import { shownText, signsOf } from './signs'

const EVERY_MS = 4000
/** Places shown at once: 48 rows of a month of days. */
const PLACES = 1500
/** Columns with longer labels have them upright. */
const SHORT_LABEL = 4
const STEPS: Record<string, Place> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }

/** The partitions of a job in rows and columns, for sources that have them. */
export function Grid({ job }: { job: JobDetail }) {
  const params = useParams()
  const part = query({ columnsFrom: params.get('columns'), rowsFrom: params.get('rows'), limit: PLACES })
  const fetched = useFetch<Partitions>(`/api/jobs/${job.id}/partitions${part}`, { everyMs: isActive(job.status) ? EVERY_MS : undefined })
  return (
    <Loaded of={fetched}>
      {(data) =>
        data.totals.cells === 0 ? (
          <Empty small title={isActive(job.status) ? 'This job has no partitions yet' : 'This job has no partitions'}>
            <p>
              {isActive(job.status) ? 'They appear once the first listing has been read.' : 'What it read is not divided by time or key.'}
            </p>
          </Empty>
        ) : (
          <div class="stack">
            <Legend data={data} />
            <GridWindow data={data} />
            <Cells key={`${data.columns[0]} ${data.rows[0]}`} job={job} data={data} onChange={() => void fetched.refresh()} />
          </div>
        )
      }
    </Loaded>
  )
}

function Legend({ data: { counts } }: { data: Partitions }) {
  const signOf = signsOf(counts)
  return (
    <ul class="row legend-row" aria-label="Legend">
      {counts.map((one) => (
        <li key={shownText(one)} class="row tight small">
          <span class={`cell ${one.state}`} aria-hidden="true">
            {signOf(one)}
          </span>
          {upper(shownText(one))} <span class="quiet">· {count(one.cells)}</span>
        </li>
      ))}
    </ul>
  )
}

function Cells({ job, data, onChange }: { job: JobDetail; data: Partitions; onChange: () => void }) {
  const table = useRef<HTMLTableElement>(null)
  const [at, setAt] = useState<Place>([0, 0])
  const [y, x] = at
  const cells = useMemo(() => new Map(data.cells.map((cell) => [`${cell.row}\n${cell.column}`, cell])), [data])
  const bands = useMemo(() => bandsOf(data.columns), [data])
  const widest = Math.max(0, ...bands.map(({ columns }) => columns.length))
  const cellAt = (row: string, column: string) => cells.get(`${row}\n${column}`)
  const signOf = signsOf(data.counts)
  const move = (event: KeyboardEvent) => {
    const step = STEPS[event.key]
    if (!step) return
    event.preventDefault()
    const next = stepFrom(at, step, bands, data.rows.length)
    setAt(next)
    table.current?.querySelector<HTMLElement>(`[data-at="${next.join()}"]`)?.focus()
  }
  const { grid: words } = job.words
  const label = `Partitions${words ? ` by ${words.row} and ${words.column}` : ''}; use the arrow keys to move`
  const row = data.rows[y] ?? ''
  const column = data.columns[x] ?? ''
  return (
    <>
      <div class="grid-scroll card pad">
        {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table with arrow-key navigation is a grid. */}
        <table class="grid" role="grid" aria-label={label} ref={table} onKeyDown={move}>
          {bands.map((band) => (
            <tbody key={band.from}>
              <Heads band={band} widest={widest} corner={words ? upper(words.row) : 'Row'} />
              {data.rows.map((rowName, yy) => (
                <tr key={rowName}>
                  <th scope="row">{rowName}</th>
                  {band.columns.map((columnName, n) => {
                    const cell = cellAt(rowName, columnName)
                    const xx = band.from + n
                    return (
                      <Cell
                        key={columnName}
                        name={`${rowName} ${columnName}`}
                        at={`${yy},${xx}`}
                        cell={cell}
                        sign={cell ? signOf(cell) : ''}
                        chosen={yy === y && xx === x}
                        onFocus={() => setAt([yy, xx])}
                      />
                    )
                  })}
                  <Filler columns={widest - band.columns.length} />
                  <RowSum
                    counts={
                      bands.length === 1
                        ? (data.rowCounts[yy]?.counts ?? [])
                        : band.columns.flatMap((name) => cellAt(rowName, name) ?? []).map((cell) => ({ ...cell, cells: 1 }))
                    }
                  />
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      </div>
      <CellDetails job={job} name={`${row} ${column}`} cell={cellAt(row, column)} onChange={onChange} />
    </>
  )
}

/** The places of columns that a shorter band does not have. */
const Filler = ({ columns }: { columns: number }) => (columns > 0 ? <td colSpan={columns} /> : null)

/** The names of a band's columns: of a month, its days. */
function Heads({ band: { title, columns }, widest, corner }: { band: Band; widest: number; corner: string }) {
  const isTall = title === '' && columns.some((name) => name.length > SHORT_LABEL)
  return (
    <tr class={isTall ? 'tall' : undefined}>
      <th scope="col">{title || <span class="hidden">{corner}</span>}</th>
      {columns.map((name) => (
        <th key={name} scope="col">
          {title && <span class="hidden">{title}-</span>}
          <span>{title ? name.slice(title.length + 1) : name}</span>
        </th>
      ))}
      <Filler columns={widest - columns.length} />
      <th scope="col" class="row-sum">
        Done
      </th>
    </tr>
  )
}

/** How much of a row is done; where it is one band, with the columns that are not shown. */
function RowSum({ counts }: { counts: Partitions['counts'] }) {
  const sum = (state?: string) => counts.reduce((n, one) => (state === undefined || one.state === state ? n + one.cells : n), 0)
  const failed = sum('failed')
  return (
    <td class="row-sum">
      {count(sum('done'))} of {count(sum())}
      {failed > 0 && <span class="bad">, {count(failed)} failed</span>}
    </td>
  )
}
