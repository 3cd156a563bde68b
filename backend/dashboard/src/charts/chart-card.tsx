import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Button } from '../ui/button'
import { Section } from '../ui/page'
import { Table } from '../ui/table'
import type { Chart } from './lines'
import { type Mark, markTitle } from './marks'
import { Plot } from './plot'

interface Props {
  chart: Chart
  moments: string[]
  marks: Mark[]
  /** Where more is shown. */
  more?: ComponentChildren
}

/** A chart, or the same figures as a table. */
export function ChartCard({ chart, moments, marks, more }: Props) {
  const [isTable, setIsTable] = useState(false)
  return (
    <Section title={chart.title} extra={chart.unit}>
      <div class="card pad stack chart">
        {isTable ? <Figures chart={chart} moments={moments} marks={marks} /> : <Plot chart={chart} moments={moments} marks={marks} />}
        <div class="row spread">
          <Button small kind="plain" pressed={isTable} onClick={() => setIsTable(!isTable)}>
            Show as table
          </Button>
          {more}
        </div>
      </div>
    </Section>
  )
}

function Figures({ chart, moments, marks }: Props) {
  const rows = moments.map((moment, place) => ({ moment, place })).reverse()
  const changed = (place: number) => {
    const [from, to] = [moments[place] ?? '', moments[place + 1] ?? '9']
    return marks.filter(({ at }) => at >= from && at < to)
  }
  return (
    <div class="figures">
      <Table
        caption={`${chart.title}, ${chart.unit}, the latest first`}
        rows={rows}
        id={(row) => row.moment}
        columns={[
          { head: 'UTC', cell: (row) => <span class="nowrap">{row.moment.slice(5, 16).replace('T', ' ')}</span> },
          ...chart.series.map((line) => ({
            head: line.name,
            num: true,
            cell: (row: { place: number }) => line.format(line.values[row.place] ?? null),
          })),
          marks.length > 0 && { head: 'Changes', cell: (row) => changed(row.place).map(markTitle).join(', ') },
        ]}
      />
    </div>
  )
}
