import { Link } from 'wouter-preact'
import type { Traffic } from '../api/types'
import { bytes, count, duration } from '../lib/format'
import { Section } from '../ui/page'
import { Table } from '../ui/table'

/** Requests by API, and the time they waited for their limits. */
export function Requests({ job, requests }: { job: string; requests: Record<string, Traffic> }) {
  const rows = Object.entries(requests)
  if (rows.length === 0) return null
  const received = rows.some(([, it]) => it.bytes > 0)
  return (
    <Section title="Requests" extra={<More job={job} />}>
      <Table
        caption="Requests by API"
        rows={rows}
        id={([api]) => api}
        columns={[
          { head: 'API', fill: true, cell: ([api]) => <Link href={`/gates?limit=${encodeURIComponent(api)}`}>{api}</Link> },
          { head: 'Sent', num: true, cell: ([, it]) => count(it.requests) },
          { head: 'Waits', num: true, from: 'wide', cell: ([, it]) => count(it.waits) },
          { head: 'Waited', num: true, cell: ([, it]) => duration(it.waitMs) },
          {
            head: 'Throttled',
            num: true,
            cell: ([, it]) => <span class={it.throttled > 0 ? 'warn' : undefined}>{count(it.throttled)}</span>,
          },
          received && { head: 'Data', num: true, from: 'tablet', cell: ([, it]) => (it.bytes > 0 ? bytes(it.bytes) : '') },
        ]}
      />
    </Section>
  )
}

const More = ({ job }: { job: string }) => (
  <>
    <Link href={`/charts?job=${job}`}>Charts of this job</Link> · <Link href="/gates">Gates</Link>
  </>
)
