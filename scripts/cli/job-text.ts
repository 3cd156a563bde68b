import { sourceNamed } from '../../backend/engine/engine'
import { parseParams } from '../../backend/engine/jobs'
import type { Progress, Wait } from '../../backend/engine/progress'
import type { Source } from '../../backend/engine/source'
import { count, counted, duration, shortId } from './text'

const ENDED = new Set(['completed', 'partial', 'failed', 'cancelled'])
export const hasEnded = (job: { status: string }): boolean => ENDED.has(job.status)

/** What the job is about; one that was forced beside another has no active key of its own and is planned again for its name. */
export function labelOf(job: { source: string; activeKey: string | null; params: unknown }, sources: readonly Source[]): string {
  if (job.activeKey !== null) return job.activeKey
  try {
    const source = sourceNamed(sources, job.source)
    return source.plan(parseParams(source, job.params)).activeKey
  } catch {
    // Written by another version, whose source or params this one does not know.
    return JSON.stringify(job.params)
  }
}

export const settledOf = ({ tasks }: Progress): number => tasks.done + tasks.skipped + tasks.failed + tasks.cancelled

/** Queues with a live worker, and who would take the others. */
export interface Workers {
  live: ReadonlyMap<string, number>
  sources: readonly Source[]
}

export function appOf(queue: string, sources: readonly Source[]): string | undefined {
  return sources
    .flatMap((source) => Object.entries(source.workers))
    .find(([, worker]) => (worker.queues as readonly string[]).includes(queue))?.[0]
}

function waitText(wait: Wait, job: Progress, workers: Workers): string | undefined {
  const tasks = job.tasks.total > 1 ? `${counted(wait.tasks, 'task')} ` : ''
  const soon = wait.inMs > 0 ? `, ${duration(Math.max(1000, wait.inMs))}` : ''
  if (wait.kind === 'gate') return `${tasks}waiting for ${wait.on}${soon}`
  if (wait.kind === 'retry')
    return `${tasks}trying again in ${duration(Math.max(1000, wait.inMs))} after ${wait.on}: ${wait.error ?? 'no text'}`
  if (workers.live.has(wait.on)) return job.tasks.held > 0 ? undefined : `${tasks}waiting for a free worker of ${wait.on}`
  const app = appOf(wait.on, workers.sources)
  return `${tasks}no worker takes from ${wait.on}${app ? `; start it: npx pm2 start ecosystem.config.js --only ${app}` : ''}`
}

/** Why a job does not move, in the order of what ends first; nothing for a job that is over. */
export function waitTexts(job: Progress, workers: Workers): string[] {
  if (hasEnded(job)) return []
  if (job.status === 'paused') return [`paused; go on: yarn jobs resume ${shortId(job.id)}`]
  if (!job.admitted) return [`waiting for its turn: ${job.source} runs as many jobs as it may`]
  if (job.tasks.waiting + job.tasks.ready === 0) return ['writing its report']
  return job.waits.flatMap((wait) => waitText(wait, job, workers) ?? [])
}

/** `12 pages · 1,834 seen · 1,800 new · 34 known`. */
export function figures(job: Progress, rate?: number): string {
  const parts = [
    job.tasks.total > 1 ? `${count(settledOf(job))}/${counted(job.tasks.total, 'task')}` : '',
    counted(job.pages, 'page'),
    job.expected ? `${count(job.seen)} of ${count(job.expected)} seen` : `${count(job.seen)} seen`,
    `${count(job.new)} new`,
    job.updated ? `${count(job.updated)} updated` : '',
    job.known ? `${count(job.known)} known` : '',
    job.rejected ? `${count(job.rejected)} set aside` : '',
    job.tasks.failed ? `${counted(job.tasks.failed, 'task')} failed` : '',
    rate ? `${rate < 10 ? rate.toFixed(1) : count(rate)}/s` : '',
    job.lookups.open ? `${counted(job.lookups.open, 'lookup')} open` : '',
  ]
  return parts.filter((part) => part !== '').join(' · ')
}

/** Everything about a running job in one line. */
export function jobLine(job: Progress, workers: Workers, rate?: number): string {
  const [wait] = waitTexts(job, workers)
  return `${shortId(job.id)} ${labelOf(job, workers.sources)}  ${job.status} · ${figures(job, rate)}${wait ? ` · ${wait}` : ''}`
}
