import { useMemo, useRef, useState } from 'preact/hooks'
import { query } from '../api/client'
import type { JobDetail, Partitions } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useParams } from '../hooks/use-params'
import { count, upper } from '../lib/format'
import { isActive } from '../lib/verbs'
import { Empty } from '../ui/empty'
import { Loaded } from '../ui/loaded'
import { Cell, shownText, signsOf } from './cell'
import { CellDetails } from './cell-details'
import { GridWindow } from './grid-window'

const EVERY_MS = 4000
/** Places shown at once: 48 rows of a month of days. */
const PLACES = 1500
/** Columns with longer labels have them upright. */
const SHORT_LABEL = 4
const STEPS: Record<string, [number, number]> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }

/** The partitions of a job in rows and columns, for sources that have them. */
export function Grid({ job }: { job: JobDetail }) {
  const params = useParams()
  const part = query({ columnsFrom: params.get('columns'), rowsFrom: params.get('rows'), limit: PLACES })
  const fetched = useFetch<Partitions>(`/api/jobs/${job.id}/partitions${part}`, { everyMs: isActive(job.status) ? EVERY_MS : undefined })
  return (
    <Loaded of={fetched}>
      {(data) =>
        data.totals.cells === 0 ? (
          <Empty small title="This job has no partitions yet">
            <p>They appear once the first listing has been read.</p>
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
          {upper(shownText(one))} <span class="quiet">{count(one.cells)}</span>
        </li>
      ))}
    </ul>
  )
}

function Cells({ job, data, onChange }: { job: JobDetail; data: Partitions; onChange: () => void }) {
  const table = useRef<HTMLTableElement>(null)
  const [[y, x], setAt] = useState<[number, number]>([0, 0])
  const cells = useMemo(() => new Map(data.cells.map((cell) => [`${cell.row}\n${cell.column}`, cell])), [data])
  const cellAt = (row: string, column: string) => cells.get(`${row}\n${column}`)
  const signOf = signsOf(data.counts)
  const move = (event: KeyboardEvent) => {
    const step = STEPS[event.key]
    if (!step) return
    event.preventDefault()
    const next: [number, number] = [clamp(y + step[0], data.rows.length), clamp(x + step[1], data.columns.length)]
    setAt(next)
    table.current?.querySelector<HTMLElement>(`[data-at="${next.join()}"]`)?.focus()
  }
  const { grid: words } = job.words
  const label = `Partitions${words ? ` by ${words.row} and ${words.column}` : ''}; use the arrow keys to move`
  const row = data.rows[y] ?? ''
  const column = data.columns[x] ?? ''
  const isTall = data.columns.some((name) => name.length > SHORT_LABEL)
  return (
    <>
      <div class="grid-scroll card pad">
        {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table with arrow-key navigation is a grid. */}
        <table class="grid" role="grid" aria-label={label} ref={table} onKeyDown={move}>
          <thead class={isTall ? 'tall' : undefined}>
            <tr>
              <th scope="col">
                <span class="hidden">{words ? upper(words.row) : 'Row'}</span>
              </th>
              {data.columns.map((name) => (
                <th key={name} scope="col">
                  <span>{name}</span>
                </th>
              ))}
              <th scope="col" class="row-sum">
                Done
              </th>
            </tr>
          </thead>
          <tbody>
            {data.rows.map((rowName, yy) => (
              <tr key={rowName}>
                <th scope="row">{rowName}</th>
                {data.columns.map((columnName, xx) => {
                  const cell = cellAt(rowName, columnName)
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
                <RowSum counts={data.rowCounts[yy]?.counts ?? []} />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <CellDetails job={job} name={`${row} ${column}`} cell={cellAt(row, column)} onChange={onChange} />
    </>
  )
}

/** How much of a row is done, with the columns that are not shown. */
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

const clamp = (n: number, length: number) => Math.max(0, Math.min(length - 1, n))
