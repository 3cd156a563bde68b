import { messageOf, RetryLater, UNREACHABLE } from '../base/errors'
import type { Stream } from '../contract'
import { kindOf, type WorkerEngine } from './engine'
import * as outcomes from './outcomes'
import type { Task } from './store'
import * as store from './store'
import { leastSpanMs, triesOf } from './tries'

/*
 * Lanes that are one host's: what one task finds out of the host counts for the others, which would each find out for themselves,
 * and take as long.
 */

/** Whether the error would meet the other tasks of the lane as well: the lane is one host's, and that cannot be reached. */
export const isHostLost = (engine: WorkerEngine, task: Task, error: unknown): boolean =>
  task.lane !== null && streamOf(engine, task)?.laneIsHost === true && error instanceof RetryLater && UNREACHABLE.test(error.kind)

/**
 * Gives up the tasks of a lane that nobody holds. Where the stream may still end them well (`beforeFailing`), they lose their
 * attempts only, and each is read once more.
 */
export async function giveUpOthers(engine: WorkerEngine, task: Task, error: unknown): Promise<void> {
  const tries = triesOf(engine, task)
  const spanMs = leastSpanMs(tries, task.attempts + 1)
  const fault = { kind: kindOf(error), error: messageOf(error) }
  if (streamOf(engine, task)?.beforeFailing) {
    outcomes.laneExhausted(engine.log, task, await store.exhaustLane(engine.db, task, spanMs, tries.attempts, fault))
  } else {
    outcomes.laneFailed(engine.log, task, fault.kind, await store.failLane(engine.db, task, spanMs, fault))
  }
}

const streamOf = ({ sources }: WorkerEngine, task: Task): Stream | undefined =>
  sources.find((source) => source.name === task.source)?.streams[task.stream]
