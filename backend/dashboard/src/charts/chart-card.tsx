import { useMemo } from 'preact/hooks'
import { Section } from '../ui/page'
import { Table } from '../ui/table'
import { type Chart, summaryOf } from './charts'
import { Plot } from './plot'

const IN_TABLE = 30

/** A chart with its summary, and as a table for readers who prefer numbers. */
export function ChartCard({ chart, minutes }: { chart: Chart; minutes: string[] }) {
  const summary = useMemo(() => summaryOf(chart, minutes), [chart, minutes])
  const rows = minutes.map((minute, n) => ({ minute, n })).slice(-IN_TABLE)
  return (
    <Section title={chart.title} extra={chart.unit}>
      <div class="card pad stack chart">
        {chart.series.length === 0 ? (
          <p class="soft small">No data in this period.</p>
        ) : (
          <Plot chart={chart} minutes={minutes} summary={summary} />
        )}
        {chart.series.length > 0 && (
          <details class="small">
            <summary>Summary and table</summary>
            <div class="stack tight">
              <p class="soft">{summary}</p>
              <Table
                caption={`${chart.title}, the last ${rows.length} minutes`}
                rows={rows.toReversed()}
                id={(row) => row.minute}
                columns={[
                  { head: 'UTC', cell: (row) => row.minute.slice(11, 16) },
                  ...chart.series.map((line) => ({
                    head: line.name,
                    num: true,
                    cell: (row: { n: number }) => chart.format(line.values[row.n] ?? null),
                  })),
                ]}
              />
            </div>
          </details>
        )}
      </div>
    </Section>
  )
}
