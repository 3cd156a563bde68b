import { useEffect, useRef, useState } from 'preact/hooks'
import type { Drawing, Drawn } from './draw'
import { Legend } from './legend'
import { type Chart, summaryOf } from './lines'
import type { Mark } from './marks'

interface Props {
  chart: Chart
  moments: string[]
  marks: Mark[]
}

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }

/** The plot with its legend; arrow keys move the pointer. Its library is loaded when the first one is shown. */
export function Plot({ chart, moments, marks }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const [place, setPlace] = useState<number | null>(null)
  const lines = chart.series.map((line) => line.name).join('\n')
  const latest = useRef<Drawing>({ chart, moments, marks, onPointer: setPlace })
  latest.current = { chart, moments, marks, onPointer: setPlace }
  const drawn = useRef<Drawn | null>(null)

  // Drawn again only when its lines change; their values follow below.
  useEffect(() => {
    let over = false
    void import('./draw').then(({ draw }) => {
      if (!over && box.current) drawn.current = draw(box.current, latest.current)
    })
    return () => {
      over = true
      drawn.current?.stop()
      drawn.current = null
    }
  }, [lines])
  // New values for the lines that are drawn.
  useEffect(() => drawn.current?.renew(latest.current), [chart, moments, marks])

  const last = moments.length - 1
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key]
    const next = event.key === 'Home' ? 0 : event.key === 'End' ? last : step === undefined ? undefined : (place ?? last) + step
    if (event.key === 'Escape') drawn.current?.point(null)
    if (next === undefined) return
    event.preventDefault()
    drawn.current?.point(Math.min(last, Math.max(0, next)))
  }
  const at = place ?? last
  return (
    <>
      <div
        ref={box}
        class="plot"
        role="slider"
        tabIndex={0}
        aria-label={`${chart.title}, ${chart.unit}. ${summaryOf(chart, moments)} Arrow keys move through time.`}
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={at}
        aria-valuetext={`${moments[at]?.slice(11, 16)} UTC: ${chart.series.map((line) => `${line.name} ${line.format(line.values[at] ?? null)}`).join(', ')}`}
        onKeyDown={onKeyDown}
        onBlur={() => drawn.current?.point(null)}
      />
      <Legend chart={chart} moments={moments} place={place} />
    </>
  )
}
