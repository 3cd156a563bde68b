import { useEffect, useRef } from 'preact/hooks'
import type { Chart } from './charts'
import './plot.css'

interface Props {
  chart: Chart
  minutes: string[]
  summary: string
}

/** The plot; its library is loaded when the first one is shown. */
export function Plot({ chart, minutes, summary }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const names = chart.series.map((line) => line.name).join('\n')
  const latest = useRef({ chart, minutes })
  latest.current = { chart, minutes }
  const drawn = useRef<{ setData(data: unknown): void } | null>(null)

  // Drawn again only when its lines change; their values follow below.
  useEffect(() => {
    let stop: (() => void) | undefined
    let over = false
    void import('./draw').then(({ draw, dataOf }) => {
      if (over || !box.current) return
      const plot = draw(box.current, latest.current.chart, latest.current.minutes)
      drawn.current = { setData: () => plot.setData(dataOf(latest.current.chart, latest.current.minutes)) }
      stop = plot.stop
    })
    return () => {
      over = true
      drawn.current = null
      stop?.()
    }
  }, [names])
  // New values for the lines that are drawn.
  useEffect(() => drawn.current?.setData(null), [chart, minutes])

  return <div ref={box} class="plot" role="img" aria-label={`${chart.title}, ${chart.unit}. ${summary}`} />
}
