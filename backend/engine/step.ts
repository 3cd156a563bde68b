import { Fatal } from '../base/errors'
import type { Json } from '../base/json'
import type { Tx } from '../base/sql'
import type { HttpUse, Page, Source, Stream } from '../contract'
import { isUnreachable } from '../database/passing'
import type { Sequence } from '../database/sequence'
import type { End } from '../database/transaction'
import { span } from '../tracing'
import { after, type Before, Discarded, type Outcome } from './ahead'
import { sourceNamed, type WorkerEngine } from './engine'
import { afterError } from './failure'
import { countersAfter, countsAfter } from './jobs/counts'
import { finishJob } from './jobs/finish'
import { beginNext } from './jobs/verbs'
import { ask } from './lookups/store'
import * as outcomes from './outcomes'
import { read } from './read'
import type { Task } from './store'
import * as store from './store'
import { taskLog } from './task-log'

const NOTHING: Outcome = { goOn: false }

/**
 * Pages that follow one another within so many ms need not ask whether their job still runs: the commit before has just told it, and a
 * pause that came since is told by the next one.
 */
const RUNS_STILL_MS = 10

/** What the turn tells a step. */
export interface Place {
  /** After this `io.more()` is false, ms since the epoch. */
  endsAt: number
  /** The transactions of the pages of a turn. */
  sequence: Sequence
  /** Whether the next page may be read before this one is committed. */
  readsAhead: boolean
  /** The step before, of the same task, whose page is still being committed. */
  before?: Promise<Outcome>
  /** The task whose job the last commit of the turn found running, and when it asked, by `performance.now()`. */
  ran: { task?: bigint; at: number }
  /**
   * Called once, when the page has been read and is to be committed: the next one may be read meanwhile.
   * @param next the task as it will be, without the counts of this page; undefined where it does not go on at once
   */
  follow(next: Task | undefined): void
}

/**
 * One page of one task: read from the network, then commit in one transaction.
 * @throws when Postgres is unreachable: the task's state is unknown; its claim is released by a heartbeat or a scheduler
 */
export const step = (engine: WorkerEngine, task: Task, place: Place): Promise<Outcome> =>
  span(
    `step ${task.source}.${task.stream}`,
    { 'backhaul.job': task.job_id, 'backhaul.task': task.id.toString(), 'backhaul.key': task.key, 'backhaul.step': task.step },
    () => takeStep(engine, task, place),
  )

async function takeStep(engine: WorkerEngine, task: Task, place: Place): Promise<Outcome> {
  const began = performance.now()
  const before = after(place.before, engine.signal)
  const use: HttpUse = {
    class: task.priority === 0 ? 'live' : 'backfill',
    who: task.job_id,
    pace: task.pace ? { ...task.pace, job: task.job_id } : undefined,
    slotAt: task.slot_at ?? undefined,
    signal: before.signal,
    nextAt: {},
    traffic: structuredClone(task.traffic),
    log: taskLog(engine.log, task),
  }
  try {
    if (task.stream === store.FINISH) return await finish(engine, task)
    const source = sourceNamed(engine.sources, task.source)
    const stream = source.streams[task.stream]
    if (!stream) throw new Fatal('stream', `source ${task.source} has no stream ${task.stream}`)
    const page = await read(engine, task, source, stream, use, place.endsAt, before)
    engine.reached('before commit')
    const outcome = await commit(engine, task, source, stream, page, use, place, before)
    engine.reached('after commit')
    return outcome
  } catch (error) {
    if (error instanceof Discarded || (await before.isDiscarded())) return NOTHING
    if (isUnreachable(error)) throw error
    if (error instanceof store.Lost) {
      outcomes.stepLost(engine.log, task)
      return NOTHING
    }
    return { held: await afterError(engine, await before.committed(task), error, use, began), goOn: true }
  } finally {
    before.end()
  }
}

/**
 * Rows, rejects, child tasks, lookups, events, then the fenced task row: all of it or nothing.
 */
async function commit(
  engine: WorkerEngine,
  foreseen: Task,
  source: Source,
  stream: Stream,
  page: Page<unknown, unknown>,
  { traffic, asked }: HttpUse,
  { endsAt, sequence, readsAhead, ran, follow }: Place,
  before: Before,
): Promise<Outcome> {
  const rejected = page.rejected ?? []
  const ended = page.next === null
  const lane = page.lane === foreseen.lane || ended ? undefined : page.lane
  const skipped = typeof page.skipped === 'string' ? { reason: page.skipped } : page.skipped
  const leaves = ended || lane !== undefined
  const later = ended ? undefined : laterOf(page.notBefore)
  if (later && lane !== undefined)
    throw new RangeError(
      `a page of the stream ${foreseen.stream} moves its task to another lane and has notBefore: only one of them is possible`,
    )
  const cursor = ended ? startOfRetry(foreseen, page) : asJson(page.next)
  const isLast = leaves || later !== undefined || Date.now() >= endsAt || engine.stopping()
  // Where the last try failed, this one may fail as well, and what is read meanwhile would be requested for nothing.
  let isTold = isLast || !readsAhead || foreseen.attempts > 0
  if (isTold) follow(undefined)
  /** The next page may be read from now on, unless somebody has paused or cancelled the job. */
  const tell = async (tx: Tx): Promise<void> => {
    // A deadlock runs the work again.
    if (isTold) return
    isTold = true
    const isFresh = ran.task === foreseen.id && performance.now() - ran.at < RUNS_STILL_MS
    // In both cases the write of this page begins before the next one is read, which may take the processor for long.
    const runs = await (isFresh || store.stillRuns(tx, foreseen))
    follow(runs ? { ...nextOf(foreseen, cursor), traffic } : undefined)
  }
  const work = async (tx: Tx, end: End, inOrder: () => Promise<void>) => {
    const takes = leaves && !engine.stopping()
    const { job_id: jobId, priority } = foreseen
    const [, written] = await Promise.all([tell(tx), stream.write(tx, page.batch)])
    await store.insertRejects(tx, foreseen, rejected)
    await store.insertTasks(tx, jobId, source, page.tasks ?? [])
    await store.keepForeseen(tx, jobId, page.foreseen ?? [])
    await ask(tx, page.lookups ?? {}, { jobId, priority })
    await store.insertEvents(tx, written.events ?? [])
    await inOrder()
    const task = await before.committed(foreseen)
    const counts = {
      ...countsAfter(task, { ...written, known: page.known, rejected: rejected.length }),
      expected: page.expected === undefined ? task.expected : BigInt(page.expected),
      counters: countersAfter(task.counters, written.counts ?? {}, source),
      notes: [...new Set([...task.notes, ...(page.notes ?? [])])],
      unverified: page.unverified ?? task.unverified,
      traffic,
      cursor,
    }
    const asksAt = performance.now()
    const runs = await store.commitPage(takes ? tx.query : end, task, {
      ...counts,
      ended,
      skipped,
      failed: page.failed && { ...page.failed, api: asked },
      lane,
      later,
    })
    if (runs) Object.assign(ran, { task: task.id, at: asksAt })
    const next = takes ? await store.claimNext(tx, task, engine.id) : undefined
    return { task, runs, next, written, held: { ...nextOf(task, cursor), ...counts } }
  }
  const { task, runs, next, written, held } = await span('commit', {}, () => sequence.tx(work))
  outcomes.pageCommitted(engine.log, task, held, { ended: ended && !page.failed, skipped, later, counters: written.counts })
  if (page.failed) outcomes.taskFailed(engine.log, task, new Fatal(page.failed.kind, page.failed.reason), page.failed.kind)
  if (leaves) return { held: next, goOn: true, paged: true }
  if (later) return { goOn: false, paged: true }
  return { paged: true, held, goOn: runs }
}

/** A task after a page, without the counts of that page. */
const nextOf = (task: Task, cursor: Json): Task => ({
  ...task,
  cursor,
  step: task.step + 1,
  attempts: 0,
  slot_at: null,
  waiting_since: null,
})

/** How long until a page's task may go on; undefined where it may at once. */
function laterOf(notBefore: Page<unknown, unknown>['notBefore']): { inMs: number; on: string } | undefined {
  const inMs = notBefore ? notBefore.until.getTime() - Date.now() : 0
  return notBefore && inMs > 0 ? { inMs, on: notBefore.on } : undefined
}

/** The cursor of a task that ends: only a retry reads it. */
const startOfRetry = ({ cursor }: Task, { failed }: Page<unknown, unknown>): Json =>
  failed?.from === undefined ? cursor : asJson(failed.from)

/** The cursor as the database returns it: the next step of this turn must see the same types as a later turn. */
const asJson = (cursor: unknown): Json => JSON.parse(JSON.stringify(cursor)) as Json

/** Ends the job, or deletes its finish task: it is inserted again once the job has nothing left to do. */
async function finish(engine: WorkerEngine, task: Task): Promise<Outcome> {
  const source = sourceNamed(engine.sources, task.source)
  const work = async (tx: Tx) => {
    const ended = await finishJob(tx, engine, source, task)
    const fenced = ended ? await store.settleTask(tx, task, { state: 'done', traffic: {} }) : await store.removeTask(tx, task)
    if (!fenced) throw new store.Lost()
    return ended
  }
  const ended = await span('commit', {}, () => engine.db.tx(work))
  outcomes.jobFinished(engine.log, task, ended?.report)
  await beginNext(engine, source, ended?.started ?? [])
  return NOTHING
}
