import { Fatal, RetryLater, Throttled } from '../base/errors'
import type { HttpUse, Io, Page, Source, Stream } from '../contract'
import type { Before } from './ahead'
import type { WorkerEngine } from './engine'
import { isExhausted, isLast, isLastTry } from './failure'
import { createIo } from './io'
import { giveUpOthers, isHostLost } from './lanes'
import type { Task } from './store'
import * as store from './store'

/** How long discovery rests when enough tasks wait, ms. */
const BACKLOG_REST_MS = 2000

/**
 * Reads the page at a task's cursor: network only, and what is stored.
 * @param before what is stored is asked for once this page is committed
 * @throws what the stream throws, and `Throttled` while enough tasks wait
 */
export async function read(
  engine: WorkerEngine,
  task: Task,
  source: Source,
  stream: Stream,
  use: HttpUse,
  endsAt: number,
  before: Before,
): Promise<Page<unknown, unknown>> {
  const finds = task.lane === null || stream.discovers === true
  if (finds && task.backlog !== null) {
    await before.committed(task)
    if (await store.backlogFull(engine.db, task.job_id, task.backlog, findersOf(source))) {
      throw new Throttled('its own backlog', new Date(Date.now() + BACKLOG_REST_MS))
    }
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
  const stored = async <T>(ask: () => Promise<T>): Promise<T> => {
    await before.committed(task)
    return await ask()
  }
  const io = createIo({ ...engine, log: use.log, signal: use.signal }, source, use, endsAt, {
    known: async (ids) =>
      stream.known && ids.length > 0 ? stored(async () => (await stream.known?.(engine.db, ids)) ?? new Set()) : new Set(),
    inFlight: (name, keys) => stored(() => store.openElsewhere(engine.db, source.name, task.job_id, name, keys)),
    ended: (stage) => stored(() => store.stageEnd(engine.db, task, stage)),
    held: { query: (sql, values) => stored(() => engine.db.query(sql, values)) },
  })
  return await readPage(engine, task, stream, at, io, use, before)
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
  before: Before,
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
    if (!stream.beforeFailing || !isTrouble || engine.signal.aborted) throw error
    await before.committed(task)
    if (!(await isLast(engine, task, error))) throw error
    const page = await stream.beforeFailing(at, io, error instanceof Fatal || isLastTry(engine, task))
    if (!page) throw error
    // This task continues in another way; its host is still unreachable for the others.
    if (isHostLost(engine, task, error)) await giveUpOthers(engine, task, error, use.asked)
    return page
  }
}
