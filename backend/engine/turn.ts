import type { QueueName } from '../../queues/names'
import type { WorkerEngine } from './engine'
import { step } from './step'
import { claimTask, releaseTask } from './store'
import { wake } from './wake'

/**
 * The steps of one delivery: claim, then page after page until the task and its lane's next ones are settled, the time is
 * up, the job no longer runs or a stop was asked for; then hand back and ring.
 * @param hold is told which tasks this worker has in hand, from before the claim to after the hand-back
 */
export async function turn(engine: WorkerEngine, taskId: bigint, queue: QueueName, hold: Set<bigint>): Promise<void> {
  // A doubled wake-up; the turn that has the task in hand goes on.
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
