import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { Chart } from './charts'

const HEIGHT = 220
/** Steps of an axis: records, requests and milliseconds are whole numbers. */
const INCREMENTS = [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((power) => [1, 2, 5].map((step) => step * 10 ** power))
const utc = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(11, 16)

export const dataOf = (chart: Chart, minutes: readonly string[]): uPlot.AlignedData =>
  [minutes.map((minute) => Date.parse(minute) / 1000), ...chart.series.map((line) => line.values)] as uPlot.AlignedData

/** Draws a chart into a box, as wide as it is, in the colors of the theme; drawn again when either changes. */
export function draw(box: HTMLElement, chart: Chart, minutes: readonly string[]): { setData(data: uPlot.AlignedData): void; stop(): void } {
  let data = dataOf(chart, minutes)
  let plot = make()
  function make(): uPlot {
    return new uPlot(optionsOf(box, chart), data, box)
  }
  const again = () => {
    plot.destroy()
    plot = make()
  }
  const size = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: HEIGHT }))
  size.observe(box)
  const scheme = matchMedia('(prefers-color-scheme: dark)')
  scheme.addEventListener('change', again)
  const theme = new MutationObserver(again)
  theme.observe(document.documentElement, { attributeFilter: ['data-theme'] })
  return {
    setData(next) {
      data = next
      plot.setData(next)
    },
    stop() {
      size.disconnect()
      theme.disconnect()
      scheme.removeEventListener('change', again)
      plot.destroy()
    },
  }
}

/** The current color of a custom property; a canvas does not support light-dark(). */
function colorOf(box: HTMLElement, name: string): string {
  const probe = document.createElement('i')
  probe.style.color = `var(${name})`
  box.append(probe)
  const color = getComputedStyle(probe).color
  probe.remove()
  return color
}

function optionsOf(box: HTMLElement, chart: Chart): uPlot.Options {
  const ink = colorOf(box, '--ink-3')
  const line = colorOf(box, '--line')
  const font = `12px ${getComputedStyle(box).fontFamily}`
  const axis = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { show: false } }
  return {
    width: box.clientWidth,
    height: HEIGHT,
    cursor: { points: { size: 7 }, drag: { x: false, y: false } },
    scales: { x: { time: true }, y: { range: (_, __, max) => [0, Math.max(1, max * 1.08)] } },
    axes: [
      { ...axis, size: 30, grid: { show: false }, values: (_, splits) => splits.map(utc) },
      { ...axis, size: 62, incrs: INCREMENTS, values: (_, splits) => splits.map((value) => chart.format(value)) },
    ],
    series: [
      { label: 'UTC', value: (_, at) => (at === null ? '–' : utc(at)) },
      ...chart.series.map((it) => ({
        label: it.name,
        stroke: colorOf(box, it.color),
        width: 1.75,
        dash: it.dash,
        points: { show: true, size: 4, filter: (plot: uPlot, n: number) => alone(plot.data[n] ?? []) },
        value: (_: uPlot, value: number | null) => chart.format(value),
      })),
    ],
  }
}

/** Minutes with a value between two without one: no line would show them. */
function alone(values: ArrayLike<number | null | undefined>): number[] {
  const known = (n: number) => values[n] !== null && values[n] !== undefined
  return Array.from(values, (_, n) => n).filter((n) => known(n) && !known(n - 1) && !known(n + 1))
}
