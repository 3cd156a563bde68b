import { Fatal, RetryLater, Throttled } from '../base/errors'
import type { Json } from '../base/json'
import type { Tx } from '../base/sql'
import type { HttpUse, Io, Page, Source, Stream } from '../contract'
import { isUnreachable } from '../database/db'
import type { End } from '../database/transaction'
import { span } from '../tracing'
import { sourceNamed, type WorkerEngine } from './engine'
import { afterError, isExhausted, isLast, isLastTry } from './failure'
import { createIo } from './io'
import { countersAfter, countsAfter } from './jobs/counts'
import { finishJob } from './jobs/finish'
import { beginNext } from './jobs/verbs'
import { giveUpOthers, isHostLost } from './lanes'
import { ask } from './lookups/store'
import * as outcomes from './outcomes'
import type { Task } from './store'
import * as store from './store'
import { taskLog } from './task-log'

/** How long discovery rests when enough tasks wait, ms. */
const BACKLOG_REST_MS = 2000

/**
 * What the turn continues with after a step: the same task or the next one of its lane, and whether another page of it may start;
 * and whether a page was committed.
 */
export interface Outcome {
  held?: Task
  goOn: boolean
  paged?: boolean
}
const NOTHING: Outcome = { goOn: false }

/**
 * One page of one task: read from the network, then commit in one transaction.
 * @param turnEndsAt after this `io.more()` is false, ms since the epoch
 * @throws when Postgres is unreachable: the task's state is unknown; its claim is released by a heartbeat or a scheduler
 */
export const step = (engine: WorkerEngine, task: Task, turnEndsAt: number): Promise<Outcome> =>
  span(
    `step ${task.source}.${task.stream}`,
    { 'backhaul.job': task.job_id, 'backhaul.task': task.id.toString(), 'backhaul.key': task.key, 'backhaul.step': task.step },
    () => takeStep(engine, task, turnEndsAt),
  )

async function takeStep(engine: WorkerEngine, task: Task, turnEndsAt: number): Promise<Outcome> {
  const began = performance.now()
  const use: HttpUse = {
    class: task.priority === 0 ? 'live' : 'backfill',
    who: task.job_id,
    pace: task.pace ? { ...task.pace, job: task.job_id } : undefined,
    slotAt: task.slot_at ?? undefined,
    signal: engine.signal,
    nextAt: {},
    traffic: structuredClone(task.traffic),
    log: taskLog(engine.log, task),
  }
  try {
    if (task.stream === store.FINISH) return await finish(engine, task)
    const source = sourceNamed(engine.sources, task.source)
    const stream = source.streams[task.stream]
    if (!stream) throw new Fatal('stream', `source ${task.source} has no stream ${task.stream}`)
    const finds = task.lane === null || stream.discovers === true
    if (finds && task.backlog !== null && (await store.backlogFull(engine.db, task.job_id, task.backlog, findersOf(source)))) {
      throw new Throttled('its own backlog', new Date(Date.now() + BACKLOG_REST_MS))
    }
    const at = {
      key: task.key,
      cursor: stream.cursor.parse(task.cursor),
      params: source.params.parse(task.params),
      source: task.source,
      job: task.job_id,
      attempts: task.attempts,
      waitingSince: task.waiting_since ?? undefined,
    }
    const io = createIo({ ...engine, log: use.log }, source, use, turnEndsAt, {
      known: async (ids) => (stream.known && ids.length > 0 ? stream.known(engine.db, ids) : new Set()),
      inFlight: (name, keys) => store.openElsewhere(engine.db, source.name, task.job_id, name, keys),
      ended: (stage) => store.stageEnd(engine.db, task, stage),
    })
    const page = await readPage(engine, task, stream, at, io, use)
    engine.reached('before commit')
    // The next page will ask for the same: its question is answered while this page is committed.
    const soon = () => (Date.now() < turnEndsAt ? use.again?.() : undefined)
    const outcome = await commit(engine, task, source, stream, page, use, soon)
    engine.reached('after commit')
    return outcome
  } catch (error) {
    if (isUnreachable(error)) throw error
    if (error instanceof store.Lost) {
      outcomes.stepLost(engine.log, task)
      return NOTHING
    }
    return { held: await afterError(engine, task, error, use, began), goOn: true }
  }
}

/** Streams whose pages find tasks: their own waiting tasks do not count as backlog. */
const findersOf = ({ streams }: Source): string[] => Object.keys(streams).filter((name) => streams[name]?.discovers === true)

/** Reads a page; when the last try fails, the page that the stream returns for that. */
async function readPage(
  engine: WorkerEngine,
  task: Task,
  stream: Stream,
  at: Parameters<Stream['read']>[0],
  io: Io,
  use: HttpUse,
): Promise<Page<unknown, unknown>> {
  if (stream.beforeFailing && isExhausted(engine, task)) {
    const page = await stream.beforeFailing(at, io, false)
    if (page) return page
    throw new RetryLater(task.error_kind ?? 'unexpected', task.error ?? 'its host cannot be reached')
  }
  try {
    return await stream.read(at, io)
  } catch (error) {
    const isTrouble = error instanceof RetryLater || error instanceof Fatal
    if (!stream.beforeFailing || !isTrouble || engine.signal.aborted || !(await isLast(engine, task, error))) throw error
    const page = await stream.beforeFailing(at, io, error instanceof Fatal || isLastTry(engine, task))
    if (!page) throw error
    // This task continues in another way; its host is still unreachable for the others.
    if (isHostLost(engine, task, error)) await giveUpOthers(engine, task, error, use.asked)
    return page
  }
}

/**
 * Rows, rejects, child tasks, lookups, events, then the fenced task row: all of it or nothing.
 * @param goesOn called beside the last statement, where this worker is to read the task's next page
 */
async function commit(
  engine: WorkerEngine,
  task: Task,
  source: Source,
  stream: Stream,
  page: Page<unknown, unknown>,
  { traffic, asked }: HttpUse,
  goesOn: () => void,
): Promise<Outcome> {
  const rejected = page.rejected ?? []
  const ended = page.next === null
  const lane = page.lane === task.lane || ended ? undefined : page.lane
  const skipped = typeof page.skipped === 'string' ? { reason: page.skipped } : page.skipped
  const leaves = ended || lane !== undefined
  const later = ended ? undefined : laterOf(page.notBefore)
  if (later && lane !== undefined)
    throw new RangeError(
      `a page of the stream ${task.stream} moves its task to another lane and has notBefore: only one of them is possible`,
    )
  const work = async (tx: Tx, end: End) => {
    const takes = leaves && !engine.stopping()
    const written = await stream.write(tx, page.batch)
    await store.insertRejects(tx, task, rejected)
    await store.insertTasks(tx, task.job_id, source, page.tasks ?? [])
    await store.keepForeseen(tx, task.job_id, page.foreseen ?? [])
    await ask(tx, page.lookups ?? {}, { jobId: task.job_id, priority: task.priority })
    await store.insertEvents(tx, written.events ?? [])
    const counts = {
      ...countsAfter(task, { ...written, known: page.known, rejected: rejected.length }),
      expected: page.expected === undefined ? task.expected : BigInt(page.expected),
      counters: countersAfter(task.counters, written.counts ?? {}, source),
      notes: [...new Set([...task.notes, ...(page.notes ?? [])])],
      unverified: page.unverified ?? task.unverified,
      traffic,
    }
    const cursor = ended ? startOfRetry(task, page) : asJson(page.next)
    if (!leaves && !later && !engine.stopping()) goesOn()
    const runs = await store.commitPage(takes ? tx.query : end, task, {
      ...counts,
      cursor,
      ended,
      skipped,
      failed: page.failed && { ...page.failed, api: asked },
      lane,
      later,
    })
    const next = takes ? await store.claimNext(tx, task, engine.id) : undefined
    return { runs, next, written, counts: { ...counts, cursor } }
  }
  const { runs, next, written, counts } = await span('commit', {}, () => engine.db.tx(work))
  outcomes.pageCommitted(engine.log, task, counts, { ended: ended && !page.failed, skipped, later, counters: written.counts })
  if (page.failed) outcomes.taskFailed(engine.log, task, new Fatal(page.failed.kind, page.failed.reason), page.failed.kind)
  if (leaves) return { held: next, goOn: true, paged: true }
  if (later) return { goOn: false, paged: true }
  return { paged: true, held: { ...task, ...counts, step: task.step + 1, attempts: 0, slot_at: null, waiting_since: null }, goOn: runs }
}

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
