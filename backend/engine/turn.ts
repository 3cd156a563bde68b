import type { QueueName } from '../../queues/names'
import type { WorkerEngine } from './engine'
import { step } from './step'
import { claimTask, mostUrgent, releaseTask, type Task } from './store'
import { wake } from './wake'

/**
 * Runs the steps of one delivery: claims the task, then page after page until the task and its lane's next ones are settled, the time is
 * up, the job no longer runs or the worker stops; then releases the task and wakes.
 * @param hold holds the tasks of this worker, from before the claim until after the release
 */
export async function turn(engine: WorkerEngine, taskId: bigint, queue: QueueName, hold: Set<bigint>): Promise<void> {
  // A duplicate wake-up; the turn that holds the task continues.
  if (hold.has(taskId)) return
  await stepThrough(engine, taskId, queue, hold)
  await wake(engine.db, engine.broker, queue)
  engine.reached('after publish')
}

async function stepThrough(engine: WorkerEngine, taskId: bigint, queue: QueueName, hold: Set<bigint>): Promise<void> {
  const endsAt = Date.now() + engine.turnMs
  let held = taskId
  hold.add(held)
  try {
    let task = await claimMostUrgent(engine, taskId, queue)
    if (task) engine.reached('after claim')
    while (task) {
      if (task.id !== held) held = swap(hold, held, task.id)
      const outcome = await step(engine, task, endsAt)
      task = outcome.held
      const urgent = task && (await findMoreUrgent(engine, task))
      if (task && urgent !== undefined && !engine.stopping()) {
        // It goes ahead in this very turn; what was in hand is woken again.
        await releaseTask(engine.db, task, { traffic: task.traffic })
        task = await claimTask(engine.db, urgent, engine.id)
        continue
      }
      if (task && task.id !== held) held = swap(hold, held, task.id)
      if (task && (!outcome.goOn || engine.stopping() || Date.now() >= endsAt)) {
        await releaseTask(engine.db, task, { traffic: task.traffic })
        task = undefined
      }
    }
  } finally {
    hold.delete(held)
  }
}

function swap(hold: Set<bigint>, from: bigint, to: bigint): bigint {
  hold.delete(from)
  hold.add(to)
  return to
}

const hasPriorities = ({ sources }: WorkerEngine, queue: QueueName): boolean =>
  sources.some((source) => source.priority !== undefined && source.requests[queue] !== undefined)

/** The task of a wake-up, or one of the same queue that goes ahead of it: wake-ups that wait on the queue know no order. */
async function claimMostUrgent(engine: WorkerEngine, taskId: bigint, queue: QueueName): Promise<Task | undefined> {
  const urgent = hasPriorities(engine, queue) ? await mostUrgent(engine.db, queue, taskId) : undefined
  return (
    (urgent === undefined ? undefined : await claimTask(engine.db, urgent, engine.id)) ?? (await claimTask(engine.db, taskId, engine.id))
  )
}

/** A task of the same queue with a lower number than this one, if any waits. */
const findMoreUrgent = async (engine: WorkerEngine, task: Task): Promise<bigint | undefined> =>
  hasPriorities(engine, task.queue as QueueName) ? await mostUrgent(engine.db, task.queue, task.id) : undefined
