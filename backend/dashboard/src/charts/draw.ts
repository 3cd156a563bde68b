import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { Chart } from './lines'
import { type Mark, markText } from './marks'

const HEIGHT = 200
/** Marks with their text; with more of them the texts would cover one another. */
const TEXTS = 4
const DAY_S = 86_400

const utc = (seconds: number): string => new Date(seconds * 1000).toISOString()

/** What is drawn. */
export interface Drawing {
  chart: Chart
  /** Starts of the spans. */
  moments: readonly string[]
  marks: readonly Mark[]
  /** Called with the place of the pointer; null: it is outside. */
  onPointer(place: number | null): void
}

export interface Drawn {
  /** Shows other values and marks of the same lines. */
  renew(drawing: Drawing): void
  /** Moves the pointer to a place; null: outside. */
  point(place: number | null): void
  stop(): void
}

const dataOf = ({ chart, moments }: Drawing): uPlot.AlignedData =>
  [moments.map((moment) => Date.parse(moment) / 1000), ...chart.series.map((line) => line.values)] as uPlot.AlignedData

/** Draws a chart into a box, as wide as it is, in the colors of the theme; drawn again when either changes. */
export function draw(box: HTMLElement, first: Drawing): Drawn {
  let drawing = first
  let plot = make()
  function make(): uPlot {
    return new uPlot(
      optionsOf(box, () => drawing),
      dataOf(drawing),
      box,
    )
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
    renew(next) {
      drawing = next
      plot.setData(dataOf(next))
    },
    point(place) {
      const at = place === null ? undefined : plot.data[0][place]
      plot.setCursor(at === undefined ? { left: -10, top: -10 } : { left: plot.valToPos(at, 'x'), top: 0 })
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

function optionsOf(box: HTMLElement, now: () => Drawing): uPlot.Options {
  const { chart } = now()
  const ink = colorOf(box, '--ink-3')
  const grid = { stroke: colorOf(box, '--line'), width: 1 }
  const font = `12px ${getComputedStyle(box).fontFamily}`
  const axis = { stroke: ink, font, grid, ticks: { show: false } }
  const upTo = (top?: number) => (_: uPlot, __: number, most: number | null) =>
    [0, top ?? Math.max(1, (most ?? 0) * 1.08)] as [number, number]
  return {
    width: box.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { points: { size: 7 }, drag: { x: false, y: false } },
    scales: { x: { time: true }, y: { range: upTo(chart.top) }, right: { range: upTo() } },
    axes: [
      { ...axis, size: 28, grid: { show: false }, values: (_, splits) => momentsOf(splits) },
      { ...axis, size: 62, values: (_, splits) => splits.map((value) => chart.left(value)) },
      ...(chart.right
        ? [{ ...axis, scale: 'right', side: 1, size: 48, grid: { show: false }, values: whole(chart.right) } satisfies uPlot.Axis]
        : []),
    ],
    series: [
      {},
      ...chart.series.map((it) => ({
        label: it.name,
        scale: it.right ? 'right' : 'y',
        stroke: colorOf(box, `--c-${it.ink}`),
        width: 1.75,
        dash: it.dash,
        points: { show: true, size: 4, filter: (plot: uPlot, n: number) => alone(plot.data[n] ?? []) },
      })),
    ],
    hooks: {
      setCursor: [(plot) => now().onPointer(plot.cursor.idx ?? null)],
      draw: [(plot) => drawMarks(plot, now().marks, { ink: colorOf(box, '--ink-2'), font })],
    },
  }
}

/** Counts have no figures between whole numbers. */
const whole = (format: (value: number | null) => string) => (_: uPlot, splits: number[]) =>
  splits.map((value) => (Number.isInteger(value) ? format(value) : ''))

/** `12:00`, and the day where it changes. */
function momentsOf(splits: readonly number[]): string[] {
  const isLong = (splits.at(-1) ?? 0) - (splits[0] ?? 0) > 1.5 * DAY_S
  return splits.map((at) => (isLong ? (at % DAY_S === 0 ? utc(at).slice(5, 10) : '') : utc(at).slice(11, 16)))
}

/** A line at each change, and its text. */
function drawMarks(plot: uPlot, marks: readonly Mark[], { ink, font }: { ink: string; font: string }): void {
  const { ctx, bbox } = plot
  const ratio = devicePixelRatio
  ctx.save()
  ctx.strokeStyle = ink
  ctx.fillStyle = ink
  ctx.lineWidth = ratio
  ctx.textAlign = 'left'
  ctx.font = font.replace('12px', `${11 * ratio}px`)
  for (const [n, mark] of marks.entries()) {
    const x = plot.valToPos(Date.parse(mark.at) / 1000, 'x', true)
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    ctx.setLineDash(mark.kind === 'deploy' ? [] : [2 * ratio, 3 * ratio])
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    if (mark.kind !== 'deploy' || marks.length - n > TEXTS) continue
    const text = markText(mark)
    const { width } = ctx.measureText(text)
    const isLeft = x + width + 8 * ratio > bbox.left + bbox.width
    ctx.fillText(text, isLeft ? x - width - 4 * ratio : x + 4 * ratio, bbox.top + 12 * ratio)
  }
  ctx.restore()
}

/** Places with a value between two without one: no line would show them. */
function alone(values: ArrayLike<number | null | undefined>): number[] {
  const known = (n: number) => values[n] !== null && values[n] !== undefined
  return Array.from(values, (_, n) => n).filter((n) => known(n) && !known(n - 1) && !known(n + 1))
}
