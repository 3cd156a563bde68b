import { Link } from 'wouter-preact'
import type { Estimate } from '../api/types'
import { count, counted, duration, shortId } from '../lib/format'
import { Note } from '../ui/note'
import { Table } from '../ui/table'
import type { Estimated } from './use-estimate'

/** What the backfill would cost, before anything is queued. */
export function EstimateCard({ of, faults }: { of: Estimated<Estimate>; faults: boolean }) {
  return (
    <section class="section" aria-label="Estimate" aria-live="polite" aria-busy={of.busy}>
      <h2>Estimate</h2>
      {of.estimate ? (
        <Figures it={of.estimate} />
      ) : of.problem ? (
        <Note tone="bad">{faults ? 'A field is not valid; see the form.' : of.problem.message}</Note>
      ) : (
        <p class="soft small">{of.busy ? 'Counting…' : 'Fill in the form to see tasks, requests and time before anything starts.'}</p>
      )}
    </section>
  )
}

function Figures({ it }: { it: Estimate }) {
  return (
    <>
      {it.activeJob && (
        <Note tone="info">
          This is already being backfilled by job <Link href={`/jobs/${it.activeJob}`}>{shortId(it.activeJob)}</Link>. Starting it again
          opens that job; nothing is queued twice.
        </Note>
      )}
      <p>
        <b>{counted(it.tasks, 'first task')}</b>
        {it.leastMs !== null && (
          <>
            , at least <b>{duration(it.leastMs)}</b> at the current limits
          </>
        )}
        .
      </p>
      <Requests rows={it.requests} notes={it.notes} />
    </>
  )
}

/** Requests by API with the least time they take, and what else is worth knowing. */
export function Requests({ rows, notes }: { rows: Estimate['requests']; notes: string[] }) {
  return (
    <>
      {rows.length > 0 && (
        <Table
          caption="Requests by API"
          rows={rows}
          id={(row) => row.api}
          columns={[
            { head: 'API', fill: true, cell: (row) => <Api name={row.api} limit={row.limit} /> },
            { head: 'Requests', num: true, cell: (row) => (row.requests === null ? 'unknown' : count(row.requests)) },
            { head: 'At least', num: true, cell: (row) => duration(row.leastMs) },
          ]}
        />
      )}
      {notes.length > 0 && (
        <ul class="notes small">
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </>
  )
}

function Api({ name, limit }: { name: string; limit: string }) {
  return (
    <>
      {name}
      <div class="quiet tiny">{limit}</div>
    </>
  )
}
