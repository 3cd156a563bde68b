import type { Chart, Series } from './lines'
import { latestOf } from './lines'

interface Props {
  chart: Chart
  moments: string[]
  /** Place of the pointer; null: outside. */
  place: number | null
}

/** The lines with their values: at the pointer, and the latest. */
export function Legend({ chart, moments, place }: Props) {
  const moment = place === null ? undefined : moments[place]
  return (
    <table class="legend">
      <caption class="hidden">Values of {chart.title}</caption>
      <thead>
        <tr>
          <th scope="col">
            {moment ? <span class="quiet">{moment.slice(5, 16).replace('T', ' ')} UTC</span> : <span class="hidden">Line</span>}
          </th>
          <th scope="col" class="num">
            {moment ? 'Then' : ''}
          </th>
          <th scope="col" class="num">
            Latest
          </th>
        </tr>
      </thead>
      <tbody>
        {chart.series.map((line) => (
          <tr key={line.name}>
            <th scope="row">
              <Sample line={line} />
              {line.name}
            </th>
            <td class="num">{place === null ? '' : line.format(line.values[place] ?? null)}</td>
            <td class="num">{line.format(latestOf(line))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** How the line is drawn: its color and its dashes. */
function Sample({ line }: { line: Series }) {
  return (
    <svg width="30" height="8" viewBox="0 0 30 8" aria-hidden="true" class={`ink-${line.ink}`}>
      <path d="M0 4h30" stroke="currentColor" stroke-width="2" stroke-dasharray={line.dash?.join(' ')} />
    </svg>
  )
}
