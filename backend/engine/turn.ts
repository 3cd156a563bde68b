import type { QueueName } from '../../queues/names'
import { bound } from '../tracing'
import type { Outcome } from './ahead'
import type { WorkerEngine } from './engine'
import { createServed } from './served'
import { step } from './step'
import { claimTask, FINISH, insertFinishTask, mostUrgent, releaseTask, type Task, unmarkWoken } from './store'
import { wake } from './wake'

/**
 * Runs the steps of one delivery: claims the task, then page after page until the task and its lane's next ones are settled, the time is
 * up, the job has had its share of a round, no longer runs or the worker stops; then releases the task and wakes other workers. Where
 * nothing of the job is left, its finish task is run as well.
 * @param hold the tasks that this worker holds, from before the claim until after the release
 */
export async function turn(engine: WorkerEngine, taskId: bigint, queue: QueueName, hold: Set<bigint>): Promise<void> {
  // A duplicate wake-up; the turn that holds the task continues.
  if (hold.has(taskId)) return
  await stepThrough(engine, taskId, queue, hold)
  await wake(engine.db, engine.broker, queue)
  engine.reached('after publish')
}

/** A step that has begun. */
interface Going {
  task: Task
  outcome: Promise<Outcome>
}

async function stepThrough(engine: WorkerEngine, taskId: bigint, queue: QueueName, hold: Set<bigint>): Promise<void> {
  const endsAt = Date.now() + engine.turnMs
  const served = createServed()
  // What asks nothing is soon done: it waits for no other turn.
  const mayGoOn = (task: Task) => !engine.stopping() && (task.asks_nothing || (Date.now() < endsAt && !served.isOver(task)))
  let held = taskId
  const take = (id: bigint) => {
    hold.delete(held)
    held = id
    hold.add(held)
  }
  // Where a more urgent task may go first, that is known once the page is committed.
  const readsAhead = !hasPriorities(engine, queue)
  const sequence = engine.db.sequence()
  const ahead: Going[] = []
  const ran = { at: -Infinity }
  const begin = (task: Task, before?: Promise<Outcome>): Going => {
    const follow = bound((next: Task | undefined) => {
      served.note(task)
      if (next && mayGoOn(next)) ahead.push(begin(next, outcome))
    })
    // A read makes no second request where its page is the last one of the job's share.
    const outcome = step(engine, task, { endsAt: served.isLast(task) ? 0 : endsAt, before, ran, sequence, readsAhead, follow })
    return { task, outcome }
  }
  take(taskId)
  try {
    const task = (await claimUrgent(engine, queue, taskId)) ?? (await claimTask(engine.db, taskId, engine.id))
    if (task) engine.reached('after claim')
    let going = task && begin(task)
    while (going) {
      take(going.task.id)
      const { held: left, goOn, paged }: Outcome = await going.outcome
      const next = ahead.shift()
      if (next && paged) {
        going = next
        continue
      }
      // It was read for nothing: the page before it was not committed.
      await next?.outcome
      if (!left) {
        const last = goOn ? await claimFinish(engine, queue, going.task) : undefined
        going = last && begin(last)
        continue
      }
      take(left.id)
      const urgent: bigint | undefined = engine.stopping() ? undefined : await findUrgent(engine, queue, left.id)
      if (urgent === undefined && goOn && mayGoOn(left)) {
        going = begin(left)
        continue
      }
      await releaseTask(engine.db, left, { traffic: left.traffic })
      // The more urgent task runs in this turn; the current one is woken again.
      const other: Task | undefined = urgent === undefined ? undefined : await claimTask(engine.db, urgent, engine.id)
      going = other && begin(other)
    }
    await served.write(engine.db, queue)
  } finally {
    await Promise.all(ahead.map(({ outcome }) => outcome))
    hold.delete(held)
  }
}

/** Whether a source on this queue has tasks that go ahead of others. */
const hasPriorities = ({ sources }: WorkerEngine, queue: QueueName): boolean =>
  sources.some((source) => source.priority && source.requests[queue])

/** The finish task of the job of a settled task, if nothing else of the job is left; one of another queue is left to its wake-up. */
async function claimFinish(engine: WorkerEngine, queue: QueueName, settled: Task): Promise<Task | undefined> {
  if (engine.stopping() || settled.stream === FINISH) return undefined
  const finish = await insertFinishTask(engine.db, settled.job_id)
  return finish?.queue === queue ? await claimTask(engine.db, finish.id, engine.id) : undefined
}

/** A task of this queue that is ready and has a lower number than the given one; only sources with priorities are asked. */
const findUrgent = async (engine: WorkerEngine, queue: QueueName, than: bigint): Promise<bigint | undefined> =>
  hasPriorities(engine, queue) ? await mostUrgent(engine.db, queue, than) : undefined

/** Wake-ups on the queue are in no order of priority: a more urgent task is taken first. */
async function claimUrgent(engine: WorkerEngine, queue: QueueName, woken: bigint): Promise<Task | undefined> {
  const urgent = await findUrgent(engine, queue, woken)
  const task = urgent === undefined ? undefined : await claimTask(engine.db, urgent, engine.id)
  // The wake-up served another task: without its mark, this one is woken again at once and not seconds later.
  if (task) await unmarkWoken(engine.db, [woken])
  return task
}
