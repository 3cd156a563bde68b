import { Fragment } from 'preact'
import { useState } from 'preact/hooks'
import { query } from '../api/client'
import type { Gate, GatesOfLimit, Limit } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { count } from '../lib/format'
import { Field } from '../ui/field'
import { Loaded } from '../ui/loaded'
import { Table } from '../ui/table'
import { Unbroken } from '../ui/unbroken'
import { GateFacts, GateState, gateState } from './gate-facts'
import { manyOf } from './words'

const EVERY_MS = 5000
const SHOWN = 25

/** The hosts, keys or accounts of a limit: found by name, the troubled ones first. */
export function Hosts({ limit, host }: { limit: Limit; host: string }) {
  const [q, setQ] = useState(host)
  const [open, setOpen] = useState(host ? `${limit.name}:${host}` : '')
  const many = manyOf(limit)
  const fetched = useFetch<GatesOfLimit>(`/api/limits/${encodeURIComponent(limit.name)}/gates${query({ q, limit: SHOWN })}`, {
    everyMs: EVERY_MS,
  })
  return (
    <div class="stack">
      <h3>
        {count(limit.gates.total)} {many}
      </h3>
      <Field label={`Find ${many} by name`}>
        {(input) => <input {...input} class="input" type="search" value={q} onInput={(event) => setQ(event.currentTarget.value)} />}
      </Field>
      <Loaded of={fetched}>
        {({ items, total }) => {
          const chosen = items.find(({ name }) => name === open)
          return (
            <>
              {chosen && (
                <div class="card pad stack">
                  <GateFacts gate={chosen} />
                </div>
              )}
              {items.length === 0 ? (
                <p class="soft">{q ? `None has “${q}” in its name.` : 'Nothing was asked of it yet.'}</p>
              ) : (
                <Table caption={`Gates of ${limit.name}`} rows={items} id={(gate) => gate.name} columns={columnsOf(limit, open, setOpen)} />
              )}
              {total > items.length && (
                <p class="soft small">
                  {count(items.length)} of {count(total)} {many}, the troubled ones first. Search to see others.
                </p>
              )}
            </>
          )
        }}
      </Loaded>
    </div>
  )
}

const columnsOf = (limit: Limit, open: string, setOpen: (name: string) => void) => [
  {
    head: 'Name',
    fill: true,
    cell: (gate: Gate) => (
      <button
        type="button"
        class="link name"
        aria-expanded={gate.name === open}
        onClick={() => setOpen(gate.name === open ? '' : gate.name)}
      >
        <Unbroken text={gate.name.slice(limit.name.length + 1)} />
      </button>
    ),
  },
  { head: 'State', cell: (gate: Gate) => <GateState gate={gate} key={gateState(gate)} /> },
  { head: 'Used', num: true, cell: (gate: Gate) => <Used gate={gate} /> },
  { head: 'Granted', num: true, from: 'tablet' as const, cell: (gate: Gate) => count(gate.granted) },
]

/** What of each window is used; one below the other where there is no room. */
function Used({ gate }: { gate: Gate }) {
  if (gate.used.length === 0) return <>–</>
  return (
    <span class="wraps">
      {gate.used.map((it, n) => (
        <Fragment key={n}>
          <span class="nowrap">
            {count(it.used)} of {count(it.of)}
            {n < gate.used.length - 1 ? ',' : ''}
          </span>{' '}
        </Fragment>
      ))}
    </span>
  )
}
