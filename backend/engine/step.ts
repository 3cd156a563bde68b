import { Fatal, RetryLater, Skip, Throttled, UNREACHABLE } from '../base/errors'
import type { Tx } from '../base/sql'
import type { HttpUse, Io, Page, Source, Stream, Traffic } from '../contract'
import { isUnreachable } from '../database/db'
import type { End } from '../database/transaction'
import { span } from '../tracing'
import { sourceNamed, type WorkerEngine } from './engine'
import { countFailure, countPage, countRetry, countStep, countWait } from './figures'
import { createIo } from './io'
import { countsAfter } from './jobs/counts'
import { failJob, finishJob, jobEnds } from './jobs/finish'
import { backlogFull, exhaustLane, giveUpLane, isGivenUp, shareAttempt, takeNext } from './lanes'
import { said } from './log'
import { ask } from './lookups/store'
import type { Task } from './store'
import * as store from './store'

/** How long discovery rests when enough tasks wait, ms. */
const BACKLOG_REST_MS = 2000

/** What a step leaves in hand: the same task or the next of its lane, and whether another page of it may start. */
export interface Outcome {
  held?: Task
  goOn: boolean
}
const NOTHING: Outcome = { goOn: false }

/**
 * One page of one task: read from the network, then commit in one transaction.
 * @param turnEndsAt `io.more()` says no after this, ms since the epoch
 * @throws when Postgres is unreachable: nothing can be said of the task; its claim is released by a heartbeat or a scheduler
 */
export const step = (engine: WorkerEngine, task: Task, turnEndsAt: number): Promise<Outcome> =>
  span(
    `step ${task.source}.${task.stream}`,
    { 'backhaul.job': task.job_id, 'backhaul.task': task.id.toString(), 'backhaul.key': task.key, 'backhaul.step': task.step },
    () => takeStep(engine, task, turnEndsAt),
  )

async function takeStep(engine: WorkerEngine, task: Task, turnEndsAt: number): Promise<Outcome> {
  const use: HttpUse = {
    class: task.priority === 0 ? 'live' : 'backfill',
    slotAt: task.slot_at ?? undefined,
    signal: engine.signal,
    traffic: structuredClone(task.traffic),
    log: engine.log,
  }
  try {
    if (task.stream === store.FINISH) return await finish(engine, task)
    const source = sourceNamed(engine.sources, task.source)
    const stream = source.streams[task.stream]
    if (!stream) throw new Fatal('stream', `source ${task.source} has no stream ${task.stream}`)
    const finds = task.lane === null || stream.discovers === true
    if (finds && task.backlog !== null && (await backlogFull(engine.db, task.job_id, task.backlog))) {
      throw new Throttled('its own backlog', new Date(Date.now() + BACKLOG_REST_MS))
    }
    const at = {
      key: task.key,
      cursor: stream.cursor.parse(task.cursor),
      params: source.params.parse(task.params),
      source: task.source,
      attempts: task.attempts,
    }
    const io = createIo(engine, source, use, turnEndsAt, async (ids) =>
      stream.known && ids.length > 0 ? stream.known(engine.db, ids) : new Set(),
    )
    const page = await readPage(engine, task, stream, at, io)
    engine.reached('before commit')
    const outcome = await commit(engine, task, source, stream, page, use.traffic)
    engine.reached('after commit')
    return outcome
  } catch (error) {
    if (isUnreachable(error)) throw error
    if (error instanceof store.Lost) {
      said.lost(engine.log, task)
      countStep(task, 'lost')
      return NOTHING
    }
    return await setBack(engine, task, error, use)
  }
}

/** A page, or what the stream makes of it that this was the last try. */
async function readPage(
  engine: WorkerEngine,
  task: Task,
  stream: Stream,
  at: Parameters<Stream['read']>[0],
  io: Io,
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
    const page = await stream.beforeFailing(at, io, error instanceof Fatal || task.attempts + 1 >= engine.attempts)
    if (!page) throw error
    // It goes on elsewhere; its host is as far away for the others.
    if (sharesItsFate(engine, task, error)) await giveUpOthers(engine, task, { kind: error.kind, error: error.message })
    return page
  }
}

/** Whether a task has no tries left: another one of its lane has used them up. */
const isExhausted = (engine: WorkerEngine, task: Task): boolean => task.attempts >= engine.attempts

/** Whether a task is not tried again after this. */
const isLast = async (engine: WorkerEngine, task: Task, error: unknown): Promise<boolean> =>
  error instanceof Fatal ||
  task.attempts + 1 >= engine.attempts ||
  (sharesItsFate(engine, task, error) && (await isGivenUp(engine.db, task)))

/** Rows, rejects, child tasks, lookups, events, then the fenced task row: all of it or nothing. */
async function commit(
  engine: WorkerEngine,
  task: Task,
  source: Source,
  stream: Stream,
  page: Page<unknown, unknown>,
  traffic: Traffic,
): Promise<Outcome> {
  const rejected = page.rejected ?? []
  const ended = page.next === null
  const lane = page.lane === task.lane || ended ? undefined : page.lane
  const leaves = ended || lane !== undefined
  const work = async (tx: Tx, end: End) => {
    const takes = leaves && !engine.stopping()
    const written = await stream.write(tx, page.batch)
    await store.insertRejects(tx, task, rejected)
    await store.insertTasks(tx, { id: task.job_id, priority: task.priority }, source, page.tasks ?? [])
    await ask(tx, page.lookups ?? {}, { jobId: task.job_id, priority: task.priority })
    await store.insertEvents(tx, page.events ?? [])
    const counts = {
      ...countsAfter(task, { ...written, known: page.known, rejected: rejected.length }),
      expected: page.expected === undefined ? task.expected : BigInt(page.expected),
      notes: [...new Set([...task.notes, ...(page.notes ?? [])])],
      traffic,
    }
    const cursor = (ended ? task.cursor : page.next) as Task['cursor']
    const runs = await store.commitPage(takes ? tx.query : end, task, { ...counts, cursor, ended, skipped: page.skipped, lane })
    const next = takes ? await takeNext(tx, task, engine.id) : undefined
    return { runs, next, counts: { ...counts, cursor } }
  }
  const { runs, next, counts } = await span('commit', {}, () => engine.db.tx(work))
  countPage(task, counts)
  said.page(engine.log, task, counts, ended)
  if (leaves) return { held: next, goOn: true }
  return { held: { ...task, ...counts, step: task.step + 1, attempts: 0, slot_at: null }, goOn: runs }
}

/** Ends the job, or takes its finish task away: it is inserted again once the job has nothing left to do. */
async function finish(engine: WorkerEngine, task: Task): Promise<Outcome> {
  const source = sourceNamed(engine.sources, task.source)
  const work = async (tx: Tx) => {
    const report = await finishJob(tx, source, task)
    const fenced = report ? await store.settleTask(tx, task, { state: 'done', traffic: {} }) : await store.removeTask(tx, task)
    if (!fenced) throw new store.Lost()
    return report
  }
  const report = await span('commit', {}, () => engine.db.tx(work))
  countStep(task, 'finished', report?.status)
  if (report) said.jobEnded(engine.log, task.job_id, report)
  return NOTHING
}

/** Turns an error into what happens next: wait, try again, skip or fail. */
async function setBack(engine: WorkerEngine, task: Task, error: unknown, use: HttpUse): Promise<Outcome> {
  const { db, log } = engine
  const { traffic } = use
  if (engine.signal.aborted) {
    await store.release(db, task, { traffic })
    countStep(task, 'stopped')
    return NOTHING
  }
  if (error instanceof Throttled) {
    // Due one second early, so that the moment does not pass while the wake-up travels.
    const dueInMs = error.until.getTime() - Date.now() - 1000
    await store.release(db, task, { dueInMs, slotAt: error.slotAt, waitingOn: error.on, traffic })
    countStep(task, 'waited')
    countWait(error.on, 'gate', dueInMs)
    said.waits(log, task, error)
    return NOTHING
  }
  if (error instanceof Skip) {
    countStep(task, 'skipped')
    return await settle(engine, task, { state: 'skipped', reason: error.reason, traffic })
  }
  const kind = kindOf(error)
  const text = error instanceof Error ? error.message : String(error)
  const attempts = task.attempts + 1
  const isOfHost = sharesItsFate(engine, task, error)
  if (await isLast(engine, task, error)) {
    said.failed(log, task, kind, error)
    countFailure(task, kind)
    const end = { state: 'failed', errorKind: kind, error: text, traffic } as const
    return isOfHost && !isExhausted(engine, task) ? await settleLane(engine, task, end) : await settle(engine, task, end)
  }
  const at = error instanceof RetryLater ? error.at : undefined
  const dueInMs = at ? at.getTime() - Date.now() : backoffMs(attempts)
  const isBack = await store.release(db, task, { dueInMs, attempts, errorKind: kind, error: text, traffic })
  if (isBack && isOfHost) await shareAttempt(db, task, attempts, dueInMs)
  countStep(task, 'retried')
  countRetry(task.source, kind, use.asked, dueInMs)
  said.retries(log, task, kind, error, attempts, dueInMs)
  return NOTHING
}

/** The short stable word of an error. */
export const kindOf = (error: unknown): string => (error instanceof RetryLater || error instanceof Fatal ? error.kind : 'unexpected')

/** Exponential with jitter: about 1 s after the first try, 2 s, 4 s … at most 10 min. */
export const backoffMs = (attempts: number, random = Math.random): number =>
  Math.min(600_000, 1000 * 2 ** (attempts - 1)) * (0.5 + random())

const streamOf = ({ sources }: WorkerEngine, task: Task): Stream | undefined =>
  sources.find((source) => source.name === task.source)?.streams[task.stream]

/** Whether what ended this task would end the others of its lane as well: their host is unreachable. */
function sharesItsFate(engine: WorkerEngine, task: Task, error: unknown): boolean {
  return task.lane !== null && streamOf(engine, task)?.laneIsHost === true && error instanceof RetryLater && UNREACHABLE.test(error.kind)
}

/** Ends a task and those of its lane that nobody holds; each of them would have to find out for itself for as long. */
async function settleLane(engine: WorkerEngine, task: Task, end: Parameters<typeof store.settleTask>[2]): Promise<Outcome> {
  if (!(await engine.db.tx((tx) => store.settleTask(tx, task, end)))) return NOTHING
  await giveUpOthers(engine, task, { kind: end.errorKind ?? 'unexpected', error: end.error ?? '' })
  return NOTHING
}

/** Those of a task's lane that nobody holds end with it, each once it has been asked what becomes of it where the stream asks. */
async function giveUpOthers(engine: WorkerEngine, task: Task, why: { kind: string; error: string }): Promise<void> {
  const isAsked = streamOf(engine, task)?.beforeFailing !== undefined
  const given = isAsked ? await exhaustLane(engine.db, task, engine.attempts, why) : await giveUpLane(engine.db, task, why)
  if (given > 0) said.laneGivenUp(engine.log, task, given)
  if (!isAsked) countFailure(task, why.kind, given)
}

async function settle(engine: WorkerEngine, task: Task, end: Parameters<typeof store.settleTask>[2]): Promise<Outcome> {
  const next = await engine.db.tx(async (tx) => {
    if (task.stream === store.FINISH && !(await jobEnds(tx, task.job_id))) {
      // Paused, or tried again meanwhile: it is inserted anew once the job has nothing left to do.
      await store.removeTask(tx, task)
      return undefined
    }
    if (!(await store.settleTask(tx, task, end))) return undefined
    if (task.stream === store.FINISH) await failJob(tx, task.job_id, `its finish task failed: ${end.error}`)
    return engine.stopping() ? undefined : takeNext(tx, task, engine.id)
  })
  return { held: next, goOn: true }
}
