import type { QueueName } from '../../queues/names'
import type { WorkerEngine } from './engine'
import { step } from './step'
import { claimTask, releaseTask } from './store'
import { wake } from './wake'

/**
 * Runs the steps of one delivery: claims the task, then page after page until the task and its lane's next ones are settled, the time is
 * up, the job no longer runs or the worker stops; then releases the task and wakes.
 * @param hold holds the tasks of this worker, from before the claim until after the release
 */
export async function turn(engine: WorkerEngine, taskId: bigint, queue: QueueName, hold: Set<bigint>): Promise<void> {
  // A duplicate wake-up; the turn that holds the task continues.
  if (hold.has(taskId)) return
  await stepThrough(engine, taskId, hold)
  await wake(engine.db, engine.broker, queue)
  engine.reached('after publish')
}

async function stepThrough(engine: WorkerEngine, taskId: bigint, hold: Set<bigint>): Promise<void> {
  const endsAt = Date.now() + engine.turnMs
  let held = taskId
  hold.add(held)
  try {
    let task = await claimTask(engine.db, taskId, engine.id)
    if (task) engine.reached('after claim')
    while (task) {
      const outcome = await step(engine, task, endsAt)
      task = outcome.held
      if (task && task.id !== held) {
        hold.delete(held)
        held = task.id
        hold.add(held)
      }
      if (task && (!outcome.goOn || engine.stopping() || Date.now() >= endsAt)) {
        await releaseTask(engine.db, task, { traffic: task.traffic })
        task = undefined
      }
    }
  } finally {
    hold.delete(held)
  }
}
