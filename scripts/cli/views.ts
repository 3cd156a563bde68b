import type { MultiBar, SingleBar } from 'cli-progress'
import type { RouteStage } from '../../backend/contract'
import type { Progress } from '../../backend/engine/jobs/progress'
import { fractionOf, hasEnded } from '../../backend/service/base/about'
import { jobLine } from './job-text'
import type { Terminal } from './terminal'
import { counted, cut, percent, shortId } from './text'
import type { Stages, View } from './watch'

/** More jobs than this are shown as one line. */
const MAX_LINES = 20
/** The most stages of a job that are shown. */
const MAX_STAGE_LINES = 10
const LINE_MS = 1000
const BAR_WIDTH = 24

/** Bars on a terminal, plain lines elsewhere, nothing with JSON. */
export function viewFor(terminal: Terminal, isJson: boolean): View {
  if (isJson) return silent
  return terminal.isTty ? barView() : lineView(terminal)
}

/** The stages of a job that are shown, each with a key and its place. */
const stagesOf = (job: Progress, stages: Stages): [key: string, stage: RouteStage, place: number][] =>
  (stages.get(job.id) ?? []).slice(0, MAX_STAGE_LINES).map((stage, place) => [`${job.id} ${stage.lane} ${stage.stage}`, stage, place])

/** A stage that has not begun has nothing that moves. */
const stageLine = ({ fraction, tasks, sentence }: RouteStage, frame: number): string =>
  `${drawBar(fraction ?? (tasks.held > 0 ? undefined : 0), frame)}  ${sentence}`

const silent: View = { show: () => undefined, note: () => undefined, end: () => undefined }

const others = (jobs: readonly Progress[]): string => {
  const ended = jobs.filter(hasEnded).length
  return `${ended} of ${counted(jobs.length, 'job')} ended`
}

/** Plain lines: for each job at most one a second, and only when something changed. */
export function lineView(terminal: Pick<Terminal, 'out'>, now: () => number = Date.now): View {
  const printed = new Map<string, { at: number; text: string; ended: boolean }>()
  const print = (key: string, text: string, ended: boolean, line = text) => {
    const last = printed.get(key)
    if (last && (last.text === text || (last.ended === ended && now() - last.at < LINE_MS))) return
    printed.set(key, { at: now(), text, ended })
    terminal.out(line)
  }
  return {
    show(jobs, running, rates, stages) {
      if (jobs.length > MAX_LINES) return print('', others(jobs), jobs.every(hasEnded))
      for (const job of jobs) {
        const ended = hasEnded(job)
        print(job.id, jobLine(job, running), ended, jobLine(job, running, ended ? undefined : rates.get(job.id)))
        for (const [key, stage] of stagesOf(job, stages))
          print(key, stage.sentence, stage.fraction === 1, `${shortId(job.id)}   ${stage.sentence}`)
      }
    },
    note: (line) => terminal.out(line),
    end: () => undefined,
  }
}

/** A bar; when the end is unknown, a block that moves with every frame. */
export function drawBar(fraction: number | undefined, frame: number, width = BAR_WIDTH): string {
  if (fraction !== undefined) {
    const full = Math.floor(fraction * width)
    return '█'.repeat(full) + '░'.repeat(width - full)
  }
  const way = width - 4
  const at = way - Math.abs((frame % (2 * way)) - way)
  return `${'░'.repeat(at)}████${'░'.repeat(way - at)}`
}

function barLine(job: Progress, frame: number, line: string): string {
  const fraction = fractionOf(job)
  return `${drawBar(fraction, frame)}${fraction === undefined ? '' : ` ${percent(fraction)}`}  ${line}`
}

interface Payload {
  text: string
}

/** One live bar for each job, redrawn in place. */
function barView(): View {
  const { MultiBar: Bars } = require('cli-progress') as typeof import('cli-progress')
  const format = (_: unknown, __: unknown, payload: Payload) => cut(payload.text, (process.stdout.columns || 120) - 1)
  const bars: MultiBar = new Bars({
    format: format as never,
    stream: process.stdout,
    hideCursor: true,
    // The watch handles Ctrl-C and ends the bars.
    gracefulExit: false,
  })
  const drawn = new Map<string, SingleBar>()
  let frame = 0
  const draw = (key: string, text: string) => {
    const bar = drawn.get(key) ?? bars.create(1, 0, { text })
    drawn.set(key, bar)
    bar.update(0, { text })
  }
  return {
    show(jobs, running, rates, stages) {
      frame++
      if (jobs.length > MAX_LINES) draw('', `${drawBar(jobs.filter(hasEnded).length / jobs.length, frame)}  ${others(jobs)}`)
      else
        for (const job of jobs) {
          draw(job.id, barLine(job, frame, jobLine(job, running, hasEnded(job) ? undefined : rates.get(job.id))))
          for (const [, stage, place] of stagesOf(job, stages)) draw(`${job.id} ${place}`, `  ${stageLine(stage, frame)}`)
        }
    },
    note: (line) => bars.log(`${line}\n`),
    end() {
      if (drawn.size > 0) bars.stop()
    },
  }
}
