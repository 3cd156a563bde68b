import { useMemo, useState } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { query } from '../api/client'
import type { History } from '../api/types'
import { SinceDeploy } from '../deploys/since-deploy'
import { useFetch } from '../hooks/use-fetch'
import { useParams } from '../hooks/use-params'
import { Button } from '../ui/button'
import { Empty } from '../ui/empty'
import { Loaded } from '../ui/loaded'
import { Page, Section } from '../ui/page'
import { At } from '../ui/time'
import { ChartCard } from './chart-card'
import { type Chart, chartsOf } from './lines'
import { markTitle } from './marks'
import { rangeOf, Scope } from './scope'

const EVERY_MS = 30_000
/** Charts that are shown at first: a suite may have many limits and APIs. */
const FIRST = 8

/** Throughput, limits and latency over time: of everything, or of one source, API or job. */
export function Charts() {
  const params = useParams()
  const asked = { minutes: rangeOf(params), source: params.get('source'), api: params.get('api'), job: params.get('job') }
  const path = `/api/history${query(asked)}`
  const fetched = useFetch<History>(path, { everyMs: EVERY_MS })
  // Figures of another scope would be taken for those of this one.
  const isOther = fetched.of !== null && fetched.of !== path
  return (
    <Page title="Charts" about="All processes on all hosts, in UTC." actions={<Scope params={params} />}>
      <SinceDeploy />
      <Loaded of={isOther ? { ...fetched, data: undefined } : fetched}>{(history) => <Drawn history={history} key={path} />}</Loaded>
    </Page>
  )
}

function Drawn({ history }: { history: History }) {
  const charts = useMemo(() => chartsOf(history), [history])
  const [isAll, setIsAll] = useState(false)
  if (charts.length === 0)
    return (
      <Empty title="Nothing was counted in this range" icon="chart">
        <p>Workers report every few seconds what they read and send; the first figures appear as soon as a job runs.</p>
        <Button href="/" small>
          Go to the jobs
        </Button>
      </Empty>
    )
  const shown = isAll ? charts : charts.slice(0, FIRST)
  return (
    <>
      <div class="halves charts">
        {shown.map((chart) => (
          <ChartCard key={chart.id} chart={chart} moments={history.minutes} marks={history.marks} more={<More chart={chart} />} />
        ))}
      </div>
      {charts.length > FIRST && (
        <p>
          <Button small onClick={() => setIsAll(!isAll)}>
            {isAll ? 'Show fewer charts' : `Show all ${charts.length} charts`}
          </Button>
        </p>
      )}
      <Changes history={history} />
    </>
  )
}

/** Where a chart of a limit leads. */
function More({ chart }: { chart: Chart }) {
  const [kind, name = ''] = chart.id.split(' ')
  return kind === 'limit' ? (
    <Link class="small" href={`/gates?limit=${encodeURIComponent(name)}`}>
      Who uses it
    </Link>
  ) : null
}

/** The marks of the charts in words. */
function Changes({ history }: { history: History }) {
  if (history.marks.length === 0) return null
  return (
    <Section title="Changes in this range" extra="Lines in the charts: solid for a deploy, dotted for a restart or a crash">
      <ul class="card pad stack tight small">
        {history.marks.toReversed().map((mark) => (
          <li key={`${mark.at} ${mark.kind}`} class="row spread">
            <span class="break">
              {markTitle(mark)} {(mark.kind === 'deploy' || mark.apps.length > 1) && <span class="quiet">{mark.apps.join(', ')}</span>}
            </span>
            <At at={mark.at} />
          </li>
        ))}
      </ul>
    </Section>
  )
}
