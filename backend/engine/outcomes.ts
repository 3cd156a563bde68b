import { count } from '../base/count'
import { messageOf, type Throttled } from '../base/errors'
import type { Log } from '../base/log'
import { logStack } from '../base/log-errors'
import { useRecords } from '../base/uses'
import { COUNT_NAMES, ofCounts } from '../base/vocabulary'
import type { Written } from '../contract'
import { countSpan } from './job-spans'
import type { Report } from './jobs/report'
import type { Counts, Task } from './store'
import { taskFields } from './task-log'

/*
 * Outcomes of work, one function for each: it writes the log line and adds to the counters in memory. Called after the commit.
 * Stack traces are for LOG_LEVEL=debug.
 */

type StepOutcome = 'committed' | 'finished' | 'waited' | 'held' | 'retried' | 'failed' | 'lost' | 'stopped'

const secondsOf = (ms: number): number => Math.round(ms / 100) / 10

function countStep({ source, stream }: Task, outcome: StepOutcome, steps = 1): void {
  count('backhaul_steps_total', { source, stream, outcome }, steps)
}

/** @param on a limit; its host, key or account is left out, so that there are few series */
function countWait(on: string, reason: 'gate' | 'retry', inMs: number): void {
  count('backhaul_wait_seconds_total', { api: on.split(':')[0] ?? on, reason }, Math.max(0, inMs) / 1000)
}

function countRetry({ source, kind, api = 'none', inMs }: { source: string; kind: string; api?: string; inMs: number }): void {
  count('backhaul_retries_total', { source, kind })
  countWait(api, 'retry', inMs)
}

/** `seen` is the sum of the others. */
const RECORDS = COUNT_NAMES.filter((name) => name !== 'seen')

interface CommittedPage {
  ended: boolean
  /** Why the task ended without being read. */
  skipped?: { kind?: string; reason: string }
  /** What the next page waits for, and how long. */
  later?: { inMs: number; on: string }
  /** The page's figures for the counters of the source. */
  counters?: Record<string, number>
}

/** A page was committed. @param now the task's counts with it */
export function pageCommitted(log: Log, task: Task, now: Counts, { ended, skipped, later, counters = {} }: CommittedPage): void {
  const { source, stream } = task
  countStep(task, 'committed')
  count('backhaul_pages_total', { source, stream })
  const records = Object.fromEntries(RECORDS.map((outcome) => [outcome, Number(now[outcome] - task[outcome])]))
  for (const [outcome, n] of Object.entries(records)) count('backhaul_rows_total', { source, stream, outcome }, n)
  useRecords(task.job_id, { ...records, pages: 1 })
  for (const [counter, n] of Object.entries(counters)) count('backhaul_counters_total', { source, stream, counter }, n)
  log.info(skipped ? `Task skipped: ${skipped.reason}` : ended ? 'Task done' : 'Page committed', {
    ...taskFields(task),
    ...(skipped?.kind ? { kind: skipped.kind } : {}),
    // Counts of 0 are left out, except the two that every page has.
    ...ofCounts((name) => now[name] - task[name] || (name === 'seen' || name === 'new' ? 0n : undefined)),
    ...counters,
    ...(later ? { waitingFor: later.on, inSeconds: secondsOf(later.inMs) } : {}),
  })
}

/** The claim was lost while the page was read. */
export function stepLost(log: Log, task: Task): void {
  countStep(task, 'lost')
  log.warn('Lost the claim while reading the page; wrote nothing', taskFields(task))
}

/** The worker stopped before the page was read; the worker itself logs that it stops. */
export function stepStopped(task: Task): void {
  countStep(task, 'stopped')
  countSpan(task.job_id, 'stopped', '')
}

/** A wait that is in the log although the task has waited before, ms. */
const LONG_MS = 30_000

/** The task waits for a limit; no attempt is used. Short waits in a row are one line of the log, which keeps only so many. */
export function taskWaits(log: Log, task: Task, { on, until }: Throttled, inMs: number): void {
  countStep(task, 'waited')
  countWait(on, 'gate', inMs)
  const isNews = task.waiting_since === null || inMs >= LONG_MS
  log[isNews ? 'info' : 'debug'](`Waiting for ${on}`, { ...taskFields(task), until: until.toISOString() })
}

/** The task waits until a person acts; no attempt is used. */
export function taskHeld(log: Log, task: Task, key: string, reason: string): void {
  countStep(task, 'held')
  log.warn(`Held until a person acts: ${reason}`, { ...taskFields(task), heldBy: key })
}

/** The same page is tried again later. @param api the one asked last, if any was */
export function taskRetries(
  log: Log,
  task: Task,
  error: unknown,
  { kind, attempt, inMs, api }: { kind: string; attempt: number; inMs: number; api?: string },
): void {
  countStep(task, 'retried')
  countSpan(task.job_id, 'tries', kind)
  countRetry({ source: task.source, kind, api, inMs })
  log.warn(`Will retry: ${messageOf(error)}`, { ...taskFields(task), kind, attempt, inSeconds: secondsOf(inMs) })
  logStack(log, error)
}

/** The task has no attempts left, or can never succeed. */
export function taskFailed(log: Log, task: Task, error: unknown, kind: string): void {
  countStep(task, 'failed')
  count('backhaul_failures_total', { source: task.source, kind })
  log.error(`Task failed: ${messageOf(error)}`, { ...taskFields(task), kind })
  logStack(log, error)
}

/** Other tasks of the task's lane failed with it, because their host is unreachable. */
export function laneFailed(log: Log, task: Task, kind: string, tasks: number): void {
  if (tasks === 0) return
  countStep(task, 'failed', tasks)
  count('backhaul_failures_total', { source: task.source, kind }, tasks)
  log.error('Other tasks of the lane failed: their host is unreachable', laneFields(task, tasks))
}

/** Other tasks of the task's lane have no attempts left; each is read once more, without its host, before it fails. */
export function laneExhausted(log: Log, task: Task, tasks: number): void {
  if (tasks > 0) log.error('Other tasks of the lane get no more attempts: their host is unreachable', laneFields(task, tasks))
}

const laneFields = (task: Task, tasks: number) => ({ job: task.job_id, lane: task.lane, tasks })

/** A finish task ran. @param report absent: its job has open tasks again, or no longer runs */
export function jobFinished(log: Log, task: Task, report?: Report): void {
  countStep(task, 'finished')
  if (!report) return
  count('backhaul_jobs_ended_total', { source: task.source, status: report.status })
  log[report.status === 'completed' ? 'info' : 'warn'](`Job ${report.status}`, {
    job: task.job_id,
    new: report.new,
    unchanged: report.unchanged || undefined,
    known: report.known,
    rejected: report.rejected,
    verified: report.verified,
    ...(report.verified ? {} : { because: report.reason }),
  })
}

/** What one call of a lookup found. */
interface LookedUp {
  source: string
  kind: string
  asked: number
  answered: number
  missing: number
  /** Ids whose request failed, by the kind of their error. */
  failed: readonly { kind: string; error: Error }[]
  /** The API asked last, if any was. */
  api?: string
}

/** A batch of lookups was committed. */
export function lookupsAnswered(log: Log, { source, kind, asked, answered, missing, failed, api }: LookedUp): void {
  count('backhaul_lookups_total', { kind, outcome: 'answered' }, answered)
  count('backhaul_lookups_total', { kind, outcome: 'missing' }, missing)
  log.info(`Looked up ${kind} ids`, { asked, answered, missing })
  for (const one of failed) countRetry({ source, kind: one.kind, api, inMs: 0 })
  if (failed[0]) log.warn(`Some ${kind} lookups failed; will retry: ${messageOf(failed[0].error)}`, { ids: failed.length })
}

interface LookupsBack {
  source: string
  kind: string
  ids: number
  inMs: number
}

/** A batch of lookups waits: for a limit, or because the worker stops. */
export function lookupsWait(log: Log, { kind, ids, inMs }: LookupsBack, error: unknown, on?: string): void {
  if (on !== undefined) countWait(on, 'gate', inMs)
  log.warn(`${kind} lookups wait: ${messageOf(error)}`, { ids, inSeconds: secondsOf(inMs) })
}

/** A batch of lookups waits until a person acts. */
export const lookupsHeld = (log: Log, kind: string, ids: number, key: string, reason: string): void =>
  log.warn(`${kind} lookups are held until a person acts: ${reason}`, { ids, key })

/** A batch of lookups is tried again later. @param why the kind of the error, and the API asked last, if any was */
export function lookupsRetry(
  log: Log,
  { source, kind, ids, inMs }: LookupsBack,
  error: unknown,
  why: { kind: string; api?: string },
): void {
  countRetry({ source, inMs, ...why })
  log.warn(`${kind} lookups failed; will retry: ${messageOf(error)}`, { ids, inSeconds: secondsOf(inMs) })
}

/** A message was published to the dead-letter queue of its queue. */
export function messageRejected(log: Log, queue: string, reason: string): void {
  count('backhaul_dead_letters_total', { queue })
  log.warn(`Message rejected to ${queue}.dead: ${reason}`)
}

/** Totals of a batch of a feed's messages. */
interface FeedBatch extends Written {
  messages: number
  rejected: number
}

/** Messages of a feed were committed. */
export function feedWritten(log: Log, { source, stream }: { source: string; stream: string }, batch: FeedBatch): void {
  const { messages, counts = {}, new: added, updated, unchanged, deleted = 0, rejected } = batch
  count('backhaul_feed_messages_total', { source, feed: stream }, messages)
  const records = { new: added, updated, unchanged, rejected, deleted }
  for (const [outcome, n] of Object.entries(records)) count('backhaul_rows_total', { source, stream, outcome }, n)
  for (const [counter, n] of Object.entries(counts)) count('backhaul_counters_total', { source, stream, counter }, n)
  log.debug('Messages committed', { source, feed: stream, messages, ...records })
}
