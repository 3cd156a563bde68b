import type { QueueName } from '../../queues/names'
import type { WorkerEngine } from './engine'
import { createServed } from './served'
import { step } from './step'
import { claimTask, mostUrgent, releaseTask } from './store'
import { wake } from './wake'

/**
 * Runs the steps of one delivery: claims the task, then page after page until the task and its lane's next ones are settled, the time is
 * up, the job has had its share of a round, no longer runs or the worker stops; then releases the task and wakes other workers.
 * @param hold the tasks that this worker holds, from before the claim until after the release
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
  const served = createServed()
  let held = taskId
  const take = (id: bigint) => {
    hold.delete(held)
    held = id
    hold.add(held)
  }
  take(taskId)
  try {
    // Wake-ups on the queue are in no order of priority: a more urgent task is taken first.
    const first = await findUrgent(engine, queue, taskId)
    let task =
      (first === undefined ? undefined : await claimTask(engine.db, first, engine.id)) ?? (await claimTask(engine.db, taskId, engine.id))
    if (task) engine.reached('after claim')
    while (task) {
      take(task.id)
      // Nothing is prepared for another page where this one is the last of the job's share.
      const outcome = await step(engine, task, served.isLast(task) ? 0 : endsAt)
      if (outcome.paged) served.note(task)
      const goOn = outcome.goOn && !engine.stopping() && Date.now() < endsAt && !served.isOver(task)
      task = outcome.held
      if (!task) break
      take(task.id)
      const urgent: bigint | undefined = engine.stopping() ? undefined : await findUrgent(engine, queue, task.id)
      if (urgent === undefined && goOn) continue
      await releaseTask(engine.db, task, { traffic: task.traffic })
      // The more urgent task runs in this turn; the current one is woken again.
      task = urgent === undefined ? undefined : await claimTask(engine.db, urgent, engine.id)
    }
    await served.write(engine.db, queue)
  } finally {
    hold.delete(held)
  }
}

/** A task of this queue that is ready and has a lower number than the given one; only sources with priorities are asked. */
const findUrgent = async ({ sources, db }: WorkerEngine, queue: QueueName, than: bigint): Promise<bigint | undefined> =>
  sources.some((source) => source.priority && source.requests[queue]) ? await mostUrgent(db, queue, than) : undefined
