import { messageOf, RetryLater, UNREACHABLE } from '../base/errors'
import type { Stream } from '../contract'
import { kindOf, type WorkerEngine } from './engine'
import * as outcomes from './outcomes'
import type { Task } from './store'
import * as store from './store'
import { leastSpanMs, triesOf } from './tries'

/*
 * Lanes that belong to one host: when one task finds the host unreachable, that counts for the others too. Otherwise each of them
 * would try as long before it fails.
 */

/** Whether the other tasks of the lane would get the same error: the lane belongs to one host, and that is unreachable. */
export const isHostLost = (engine: WorkerEngine, task: Task, error: unknown): boolean =>
  task.lane !== null && streamOf(engine, task)?.laneIsHost === true && error instanceof RetryLater && UNREACHABLE.test(error.kind)

/**
 * Fails the unclaimed tasks of a lane. If the stream may still save them (`beforeFailing`), they only lose their attempts, and each
 * is read once more.
 * @param api the one asked last, if any was
 */
export async function giveUpOthers(engine: WorkerEngine, task: Task, error: unknown, api: string | undefined): Promise<void> {
  const tries = triesOf(engine, task)
  const spanMs = leastSpanMs(tries, task.attempts + 1)
  const fault = { kind: kindOf(error), error: messageOf(error), api }
  if (streamOf(engine, task)?.beforeFailing) {
    outcomes.laneExhausted(engine.log, task, await store.exhaustLane(engine.db, task, spanMs, tries.attempts, fault))
  } else {
    outcomes.laneFailed(engine.log, task, fault.kind, await store.failLane(engine.db, task, spanMs, fault))
  }
}

const streamOf = ({ sources }: WorkerEngine, task: Task): Stream | undefined =>
  sources.find((source) => source.name === task.source)?.streams[task.stream]
