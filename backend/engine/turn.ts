import type { QueueName } from '../../queues/names'
import { ring } from './bell'
import type { WorkerEngine } from './engine'
import { step } from './step'
import { claimTask, handBack, type Task } from './store'

/**
 * The steps of one delivery: claim, then page after page until the task and its lane's next ones are settled, the time is
 * up, the job no longer runs or a stop was asked for; then hand back and ring.
 * @param hold is told which tasks this worker has in hand, from before the claim to after the hand-back
 */
export async function turn(engine: WorkerEngine, taskId: bigint, queue: QueueName, hold: Set<bigint>): Promise<void> {
  const endsAt = Date.now() + engine.turnMs
  hold.add(taskId)
  let held = taskId
  try {
    let task = await claimTask(engine.db, taskId, engine.id)
    if (!task) return
    engine.reached('after claim')
    while (task) {
      const outcome = await step(engine, task, endsAt)
      task = outcome.held
      if (task && task.id !== held) {
        hold.delete(held)
        held = task.id
        hold.add(held)
      }
      if (task && (!outcome.goOn || engine.stopping() || Date.now() >= endsAt)) {
        await giveBack(engine, task)
        task = undefined
      }
    }
    await ring(engine.db, engine.broker, queue)
    engine.reached('after publish')
  } finally {
    hold.delete(held)
  }
}

const giveBack = (engine: WorkerEngine, task: Task): Promise<boolean> => handBack(engine.db, task, { traffic: task.traffic })
