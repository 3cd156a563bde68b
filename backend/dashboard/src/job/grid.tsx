import { useMemo, useRef, useState } from 'preact/hooks'
import { Link } from 'wouter-preact'
import type { JobDetail, Partitions } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useParams } from '../hooks/use-params'
import { count, named } from '../lib/format'
import { isActive } from '../lib/verbs'
import { Empty } from '../ui/empty'
import { Loaded } from '../ui/loaded'
import { Cell, nameOf, SIGNS } from './cell'

const EVERY_MS = 4000
const STEPS: Record<string, [number, number]> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }

/** The partitions of a job in rows and columns, for sources that have them. */
export function Grid({ job }: { job: JobDetail }) {
  const fetched = useFetch<Partitions>(`/api/jobs/${job.id}/partitions`, { everyMs: isActive(job.status) ? EVERY_MS : undefined })
  return (
    <Loaded of={fetched}>
      {(data) =>
        data.rows.length === 0 ? (
          <Empty small title="This job has no partitions yet">
            <p>They appear once the first listing has been read.</p>
          </Empty>
        ) : (
          <Cells data={data} />
        )
      }
    </Loaded>
  )
}

function Cells({ data }: { data: Partitions }) {
  const params = useParams()
  const table = useRef<HTMLTableElement>(null)
  const [[y, x], setAt] = useState<[number, number]>([0, 0])
  const states = useMemo(() => new Map(data.cells.map((cell) => [`${cell.row}\n${cell.column}`, cell.state])), [data])
  const stateOf = (row: string, column: string) => states.get(`${row}\n${column}`)
  const present = [...new Set(data.cells.map((cell) => cell.state))]
  const move = (event: KeyboardEvent) => {
    const step = STEPS[event.key]
    if (!step) return
    event.preventDefault()
    const next: [number, number] = [clamp(y + step[0], data.rows.length), clamp(x + step[1], data.columns.length)]
    setAt(next)
    table.current?.querySelector<HTMLElement>(`[data-at="${next.join()}"]`)?.focus()
  }
  const row = data.rows[y] ?? ''
  const column = data.columns[x] ?? ''
  const here = stateOf(row, column)
  return (
    <div class="stack">
      <ul class="row legend-row" aria-label="Legend">
        {present.map((state) => (
          <li key={state} class="row tight small">
            <span class={`cell ${state}`} aria-hidden="true">
              {SIGNS[state]}
            </span>
            {named(nameOf(state))} <span class="quiet">{count(data.cells.filter((cell) => cell.state === state).length)}</span>
          </li>
        ))}
      </ul>
      <div class="grid-scroll card pad">
        {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table with arrow-key navigation is a grid. */}
        <table class="grid" role="grid" aria-label="Partitions; use the arrow keys to move" ref={table} onKeyDown={move}>
          <thead>
            <tr>
              <th scope="col">
                <span class="hidden">Row</span>
              </th>
              {data.columns.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data.rows.map((rowName, yy) => (
              <tr key={rowName}>
                <th scope="row">{rowName}</th>
                {data.columns.map((columnName, xx) => (
                  <Cell
                    key={columnName}
                    name={`${rowName} ${columnName}`}
                    at={`${yy},${xx}`}
                    state={stateOf(rowName, columnName)}
                    chosen={yy === y && xx === x}
                    onFocus={() => setAt([yy, xx])}
                  />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="small soft">
        {row} {column}: {nameOf(here)}. {here && <Link href={params.href({ tab: 'tasks', state: here })}>Tasks in this state</Link>}
      </p>
    </div>
  )
}

const clamp = (n: number, length: number) => Math.max(0, Math.min(length - 1, n))
