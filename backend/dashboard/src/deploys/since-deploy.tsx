import { useState } from 'preact/hooks'
import { query } from '../api/client'
import type { Deploy, DeployEffect } from '../api/types'
import { markTitle } from '../charts/marks'
import { useFetch } from '../hooks/use-fetch'
import { count, duration, rate } from '../lib/format'
import { Field } from '../ui/field'
import { Loaded } from '../ui/loaded'
import { Section } from '../ui/page'
import { Table } from '../ui/table'
import { Ago, At } from '../ui/time'

const EVERY_MS = 30_000

/** What the last deploy changed: equal windows before and after it; or any other change of the week. */
export function SinceDeploy() {
  const [at, setAt] = useState('')
  const changes = useFetch<{ items: Deploy[] }>('/api/deploys', { everyMs: EVERY_MS })
  const effect = useFetch<DeployEffect>(`/api/deploys/effect${query({ at })}`, { everyMs: EVERY_MS })
  const items = changes.data?.items ?? []
  return (
    <Section title="Since the last deploy">
      <div class="card pad stack">
        {items.length > 0 && (
          <Field label="Compare before and after">
            {(input) => (
              <select {...input} class="input" value={at} onChange={(event) => setAt(event.currentTarget.value)}>
                <option value="">the last change of version</option>
                {items.map((one) => (
                  <option key={`${one.at} ${one.kind}`} value={one.at}>
                    {one.at.slice(5, 16).replace('T', ' ')} UTC: {markTitle(one)}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        <Loaded of={effect}>{(it) => <Compared it={it} />}</Loaded>
      </div>
    </Section>
  )
}

function Compared({ it: { mark, minutes, before, after } }: { it: DeployEffect }) {
  if (!mark)
    return (
      <p class="soft no-deploy">
        No process started with another version in the last 7 days. Set <code>DEPLOYED_VERSION</code> to tell deploys of the same version
        apart.
      </p>
    )
  const head = (
    <p>
      <b>{markTitle(mark)}</b>, <Ago at={mark.at} /> (<At at={mark.at} /> UTC)
    </p>
  )
  if (!before || !after)
    return (
      <>
        {head}
        <p class="soft">It is too new to compare: the first figures come when a whole minute after it is over.</p>
      </>
    )
  return (
    <>
      {head}
      <Table
        caption={`Figures before and after ${markTitle(mark)}`}
        rows={linesOf(before, after)}
        id={(row) => row.name}
        columns={[
          { head: `${duration(minutes * 60_000)} before and after`, fill: true, cell: (row) => row.name },
          { head: 'Before', num: true, cell: (row) => row.before },
          { head: 'After', num: true, cell: (row) => <b class={row.isWorse ? 'bad' : undefined}>{row.after}</b> },
          { head: 'Change', num: true, from: 'tablet', cell: (row) => row.change },
        ]}
      />
    </>
  )
}

type Figures = NonNullable<DeployEffect['before']>

interface Line {
  name: string
  before: string
  after: string
  change: string
  isWorse: boolean
}

const tenths = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 })
const share = (value: number | null): string => (value === null ? '–' : `${tenths.format(value * 100)} %`)

/** `+12 %`, `none`; a dash where there was nothing before. */
function changeOf(before: number, after: number): string {
  if (before === after) return 'none'
  if (before === 0) return '–'
  const percent = Math.round((after / before - 1) * 100)
  return `${percent > 0 ? '+' : percent < 0 ? '−' : ''}${count(Math.abs(percent))} %`
}

/** An error rate is worse from a percentage point on; a lower rate of records may only mean that less was to do. */
function linesOf(before: Figures, after: Figures): Line[] {
  const line = (name: string, of: (it: Figures) => number, text: (value: number) => string = count, isWorse = false): Line => ({
    name,
    before: text(of(before)),
    after: text(of(after)),
    change: changeOf(of(before), of(after)),
    isWorse,
  })
  const points = before.errorRate === null || after.errorRate === null ? null : (after.errorRate - before.errorRate) * 100
  const errors: Line = {
    name: 'Error rate of requests (5xx or no answer)',
    before: share(before.errorRate),
    after: share(after.errorRate),
    change: points === null ? '–' : points === 0 ? 'none' : `${points > 0 ? '+' : '−'}${tenths.format(Math.abs(points))} points`,
    isWorse: points !== null && points >= 1,
  }
  return [
    errors,
    line('Requests', (it) => it.requests),
    line('Refused by a limit (429)', (it) => it.throttled, count, after.throttled > 2 * before.throttled && after.throttled > 10),
    line('Records read', (it) => it.recordsPerSecond, rate),
    line('Tasks that will be retried', (it) => it.retries),
    line('Tasks that failed', (it) => it.failures, count, after.failures > before.failures),
  ]
}
