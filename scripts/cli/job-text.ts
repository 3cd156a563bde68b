import { COUNT_NAMES, type Counted } from '../../backend/base/vocabulary'
import type { Progress, Wait } from '../../backend/engine/jobs/progress'
import { aboutOf, settledOf, standstillOf, waitsOf } from '../../backend/service/base/about'
import { startOf, turnText } from '../../backend/service/jobs/turn'
import { type Running, waitNow } from '../../backend/service/jobs/waits'
import { count, counted, rate, shortId } from './text'

/** A job as `--json` prints it. */
export const jobJson = ({ turn, ...job }: Progress, running: Running) => ({
  ...job,
  position: turn?.position ?? null,
  startsInMs: startOf({ turn, ...job }, running),
})

/** Why a job makes no progress, the wait that ends first at the top; empty for a job that has ended. */
export function waitTexts(job: Progress, running: Running): string[] {
  const still = standstillOf(job)
  if (still === 'ended') return []
  if (still === 'paused') return [`paused; to continue: yarn jobs resume ${shortId(job.id)}`]
  if (still === 'not admitted') return [turnText(job.turn, startOf(job, running), running)]
  if (still === 'reporting') return ['writing its report']
  const tasksOf = ({ tasks }: Wait) => (job.tasks.total > 1 ? `${counted(tasks, 'task')} ` : '')
  return waitsOf(job, running.live).map((wait) => `${tasksOf(wait)}${waitNow(wait, running)}`)
}

/** `1,800 new`, `34 known`: how the records seen were stored; counts of 0 are left out, except of new ones. */
export const outcomesOf = (counts: Counted): string[] =>
  COUNT_NAMES.flatMap((name) => (name === 'new' || (name !== 'seen' && counts[name] > 0) ? [`${count(counts[name])} ${name}`] : []))

/** `12 pages · 1,834 seen · 1,800 new · 34 known`. */
export function figures(job: Progress, perSecond?: number): string {
  const parts = [
    job.tasks.total > 1 ? `${count(settledOf(job))}/${counted(job.tasks.total, 'task')}` : '',
    counted(job.pages, 'page'),
    job.expected ? `${count(job.seen)} of ${count(job.expected)} seen` : `${count(job.seen)} seen`,
    ...outcomesOf(job),
    job.tasks.failed ? `${counted(job.tasks.failed, 'task')} failed` : '',
    perSecond ? rate(perSecond) : '',
    job.lookups.open ? `${counted(job.lookups.open, 'lookup')} open` : '',
  ]
  return parts.filter((part) => part !== '').join(' · ')
}

/** A running job in one line. */
export function jobLine(job: Progress, running: Running, perSecond?: number): string {
  const [wait] = waitTexts(job, running)
  return `${shortId(job.id)} ${aboutOf(job, running.sources)}  ${job.status} · ${figures(job, perSecond)}${wait ? ` · ${wait}` : ''}`
}
