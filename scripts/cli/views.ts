import type { MultiBar, SingleBar } from 'cli-progress'
import type { Progress } from '../../backend/engine/jobs/progress'
import { fractionOf, hasEnded } from '../../backend/service/base/about'
import { jobLine } from './job-text'
import type { Terminal } from './terminal'
import { counted, cut } from './text'
import type { View } from './watch'

/** More jobs than this are told in one line. */
const MAX_LINES = 20
const LINE_MS = 1000
const BAR_WIDTH = 24

/** The view that fits: a bar on a terminal, plain lines elsewhere, nothing beside JSON. */
export function viewFor(terminal: Terminal, isJson: boolean): View {
  if (isJson) return silent
  return terminal.isTty ? barView() : lineView(terminal)
}

const silent: View = { show: () => undefined, note: () => undefined, end: () => undefined }

const others = (jobs: readonly Progress[]): string => {
  const ended = jobs.filter(hasEnded).length
  return `${ended} of ${counted(jobs.length, 'job')} ended`
}

/** Plain lines, each job's at most once a second and only where it says something new. */
export function lineView(terminal: Pick<Terminal, 'out'>, now: () => number = Date.now): View {
  const said = new Map<string, { at: number; news: string; ended: boolean }>()
  const say = (key: string, news: string, ended: boolean, line = news) => {
    const last = said.get(key)
    if (last && (last.news === news || (last.ended === ended && now() - last.at < LINE_MS))) return
    said.set(key, { at: now(), news, ended })
    terminal.out(line)
  }
  return {
    show(jobs, running, rates) {
      if (jobs.length > MAX_LINES) return say('', others(jobs), jobs.every(hasEnded))
      for (const job of jobs) {
        const ended = hasEnded(job)
        say(job.id, jobLine(job, running), ended, jobLine(job, running, ended ? undefined : rates.get(job.id)))
      }
    },
    note: (line) => terminal.out(line),
    end: () => undefined,
  }
}

/** A bar; where the end is not known a block that moves with every look. */
export function drawBar(fraction: number | undefined, look: number, width = BAR_WIDTH): string {
  if (fraction !== undefined) {
    const full = Math.floor(fraction * width)
    return '█'.repeat(full) + '░'.repeat(width - full)
  }
  const way = width - 4
  const at = way - Math.abs((look % (2 * way)) - way)
  return `${'░'.repeat(at)}████${'░'.repeat(way - at)}`
}

function barLine(job: Progress, look: number, line: string): string {
  const fraction = fractionOf(job)
  const percent = fraction === undefined ? '' : ` ${Math.floor(fraction * 100)} %`
  return `${drawBar(fraction, look)}${percent}  ${line}`
}

interface Payload {
  text: string
}

/** One live bar for each job, drawn over itself. */
function barView(): View {
  const { MultiBar: Bars } = require('cli-progress') as typeof import('cli-progress')
  const format = (_: unknown, __: unknown, payload: Payload) => cut(payload.text, (process.stdout.columns || 120) - 1)
  const bars: MultiBar = new Bars({
    format: format as never,
    stream: process.stdout,
    hideCursor: true,
    // Ctrl-C is ours: the watch ends the bars.
    gracefulExit: false,
  })
  const drawn = new Map<string, SingleBar>()
  let look = 0
  const draw = (key: string, text: string) => {
    const bar = drawn.get(key) ?? bars.create(1, 0, { text })
    drawn.set(key, bar)
    bar.update(0, { text })
  }
  return {
    show(jobs, running, rates) {
      look++
      if (jobs.length > MAX_LINES) draw('', `${drawBar(jobs.filter(hasEnded).length / jobs.length, look)}  ${others(jobs)}`)
      else for (const job of jobs) draw(job.id, barLine(job, look, jobLine(job, running, hasEnded(job) ? undefined : rates.get(job.id))))
    },
    note: (line) => bars.log(`${line}\n`),
    end() {
      if (drawn.size > 0) bars.stop()
    },
  }
}
