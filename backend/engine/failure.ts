import { Fatal, Held, messageOf, RetryLater, Throttled } from '../base/errors'
import type { HttpUse } from '../contract'
import { kindOf, sourceNamed, type WorkerEngine } from './engine'
import { failJob, jobEnds } from './jobs/finish'
import { beginNext } from './jobs/verbs'
import { giveUpOthers, isHostLost } from './lanes'
import * as outcomes from './outcomes'
import type { Task } from './store'
import * as store from './store'
import { backoffMs, leastSpanMs, triesOf } from './tries'

/*
 * What happens to a task whose step threw an error.
 */

/**
 * | error                                        | the task is                                              | attempt |
 * | -------------------------------------------- | -------------------------------------------------------- | ------- |
 * | any, while the worker stops                  | released, due at once                                    | not used |
 * | `Throttled`                                  | parked until the time it names                           | not used |
 * | `Held`                                       | parked until its key is released                         | not used |
 * | any other, with attempts left                | retried later                                            | used    |
 * | the same, when the host of its lane is lost  | retried later, and so are the tasks beside it            | used by each |
 * | `Fatal`, or no attempts left                 | failed                                                   |         |
 * | the same, when the host of its lane is lost  | failed, and so are the other tasks of the lane           |         |
 *
 * @param began when the step began, by `performance.now()`
 * @returns the next task of its lane, claimed; undefined when the lane has none or the task is not settled
 */
export async function afterError(engine: WorkerEngine, task: Task, error: unknown, use: HttpUse, began: number): Promise<Task | undefined> {
  if (engine.signal.aborted) return await releaseAtOnce(engine, task, use)
  if (error instanceof Held) return await hold(engine, task, error, use, began)
  if (error instanceof Throttled) return await park(engine, task, error, use)
  if (!(await isLast(engine, task, error))) return await retry(engine, task, error, use)
  if (isHostLost(engine, task, error) && !isExhausted(engine, task)) return await failWithLane(engine, task, error, use)
  return await fail(engine, task, error, use)
}

async function releaseAtOnce({ db }: WorkerEngine, task: Task, { traffic }: HttpUse): Promise<undefined> {
  await store.releaseTask(db, task, { traffic })
  outcomes.stepStopped(task)
}

async function park({ db, log }: WorkerEngine, task: Task, error: Throttled, { traffic }: HttpUse): Promise<undefined> {
  // Due one second early, so that the moment does not pass while the wake-up travels.
  const dueInMs = error.until.getTime() - Date.now() - 1000
  await store.releaseTask(db, task, { dueInMs, slotAt: error.slotAt, waitingOn: error.on, traffic })
  outcomes.taskWaits(log, task, error, dueInMs)
}

async function hold({ db, log }: WorkerEngine, task: Task, { key, reason }: Held, { traffic }: HttpUse, began: number): Promise<undefined> {
  const since = await store.beganAt(db, began)
  if (await store.holdTask(db, task, { key, reason, since, traffic })) outcomes.taskHeld(log, task, key, reason)
}

async function retry(engine: WorkerEngine, task: Task, error: unknown, { traffic, asked }: HttpUse): Promise<undefined> {
  const attempts = task.attempts + 1
  const at = error instanceof RetryLater ? error.at : undefined
  const tries = triesOf(engine, task)
  const dueInMs = at ? at.getTime() - Date.now() : backoffMs(tries, attempts)
  const isBack = await store.releaseTask(engine.db, task, { dueInMs, attempts, fault: faultOf(error, asked), traffic })
  if (isBack && isHostLost(engine, task, error)) await store.shareAttempt(engine.db, task, attempts, dueInMs, leastSpanMs(tries, attempts))
  outcomes.taskRetries(engine.log, task, error, { kind: kindOf(error), attempt: attempts, inMs: dueInMs, api: asked })
}

async function fail(engine: WorkerEngine, task: Task, error: unknown, { traffic, asked }: HttpUse): Promise<Task | undefined> {
  outcomes.taskFailed(engine.log, task, error, kindOf(error))
  return await settle(engine, task, { state: 'failed', fault: faultOf(error, asked), traffic })
}

/** Otherwise each task of the lane would try as long before it fails. */
async function failWithLane(engine: WorkerEngine, task: Task, error: unknown, { traffic, asked }: HttpUse): Promise<undefined> {
  outcomes.taskFailed(engine.log, task, error, kindOf(error))
  const end = { state: 'failed', fault: faultOf(error, asked), traffic } as const
  if (await engine.db.tx((tx) => store.settleTask(tx, task, end))) await giveUpOthers(engine, task, error, asked)
}

/** Ends a task and claims the next one of its lane. */
async function settle(engine: WorkerEngine, task: Task, end: Parameters<typeof store.settleTask>[2]): Promise<Task | undefined> {
  if (task.stream === store.FINISH) return await settleFinish(engine, task, end)
  return await engine.db.tx(async (tx) => {
    if (!(await store.settleTask(tx, task, end))) return undefined
    return engine.stopping() ? undefined : store.claimNext(tx, task, engine.id)
  })
}

/** The job ends as failed, because its finish task did. */
async function settleFinish(engine: WorkerEngine, task: Task, end: Parameters<typeof store.settleTask>[2]): Promise<undefined> {
  const source = sourceNamed(engine.sources, task.source)
  const ended = await engine.db.tx(async (tx) => {
    if (!(await jobEnds(tx, task.job_id))) {
      // The job was paused or retried meanwhile; its finish task is inserted again once nothing else is left to do.
      await store.removeTask(tx, task)
      return undefined
    }
    if (!(await store.settleTask(tx, task, end))) return undefined
    return await failJob(tx, engine, source, task.job_id, `its finish task failed: ${end.fault?.error}`)
  })
  await beginNext(engine, source, ended?.started ?? [])
}

/** Whether a task has no attempts left before it is read: another one of its lane has used them up. */
export const isExhausted = (engine: WorkerEngine, task: Task): boolean => task.attempts >= triesOf(engine, task).attempts

/** Whether the current try is the last one if it fails. */
export const isLastTry = (engine: WorkerEngine, task: Task): boolean => task.attempts + 1 >= triesOf(engine, task).attempts

/** Whether a task is not tried again after this error. */
export const isLast = async (engine: WorkerEngine, task: Task, error: unknown): Promise<boolean> =>
  error instanceof Fatal || isLastTry(engine, task) || (isHostLost(engine, task, error) && (await store.isLaneGivenUp(engine.db, task)))

/** @param api the one asked last */
const faultOf = (error: unknown, api: string | undefined): store.TaskFault => ({ kind: kindOf(error), error: messageOf(error), api })
