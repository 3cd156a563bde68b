import { query } from '../api/client'
import type { History } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useParams } from '../hooks/use-params'
import { duration } from '../lib/format'
import { Button } from '../ui/button'
import { Empty } from '../ui/empty'
import { Loaded } from '../ui/loaded'
import { Page } from '../ui/page'
import { ChartCard } from './chart-card'
import { chartsOf } from './charts'

const SPANS = ['60', '180', '720', '1440']
const EVERY_MS = 30_000

/** Throughput and latency over the last hours. */
export function Charts() {
  const params = useParams()
  const span = SPANS.includes(params.get('minutes')) ? params.get('minutes') : '180'
  const fetched = useFetch<History>(`/api/history${query({ minutes: span })}`, { everyMs: EVERY_MS })
  const spans = (
    <fieldset class="chips">
      <legend class="hidden">Period</legend>
      {SPANS.map((minutes) => (
        <button
          key={minutes}
          type="button"
          class="chip"
          aria-pressed={minutes === span}
          onClick={() => params.set({ minutes: minutes === '180' ? null : minutes })}
        >
          {duration(Number(minutes) * 60_000).replace('1 d', '24 h')}
        </button>
      ))}
    </fieldset>
  )
  return (
    <Page title="Charts" about="All workers on all hosts, per minute, in UTC." actions={spans}>
      <Loaded of={fetched}>
        {(history) => {
          const charts = chartsOf(history)
          if (history.minutes.length === 0 || charts.every((chart) => chart.series.length === 0))
            return (
              <Empty title="No data in this period" icon="chart">
                <p>Workers report their counts every few seconds; the first minute appears as soon as a job runs.</p>
                <Button href="/" small>
                  Go to the jobs
                </Button>
              </Empty>
            )
          return (
            <div class="halves charts">
              {charts.map((chart) => (
                <ChartCard key={chart.title} chart={chart} minutes={history.minutes} />
              ))}
            </div>
          )
        }}
      </Loaded>
    </Page>
  )
}
