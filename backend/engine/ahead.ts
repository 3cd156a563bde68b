import type { Task } from './store'

/*
 * A page is read while the one before it is being committed. What depends on that commit waits for it; if it fails, what was read is
 * discarded, and the task is read again from its cursor.
 */

/**
 * What the turn continues with after a step: the same task or the next one of its lane, and whether another page of it may start;
 * and whether a page was committed.
 */
export interface Outcome {
  held?: Task
  goOn: boolean
  paged?: boolean
}

/** The page before this one was not committed. The step of that page has dealt with the task. */
export class Discarded extends Error {}

/** What a step may know of the page before its own. */
export interface Before {
  /**
   * Waits for its commit.
   * @param task as it was foreseen
   * @returns the task as it is
   * @throws {Discarded} when the page was not committed
   */
  committed(task: Task): Promise<Task>
  /** Whether it was not committed; waits until that is known. */
  isDiscarded(): Promise<boolean>
  /** Aborted with the signal of the worker, and when it was not committed. */
  signal: AbortSignal
  /** To be called when the step is over. */
  end(): void
}

/** @param outcome of the step before; undefined: the task's row is as the step has it */
export function after(outcome: Promise<Outcome> | undefined, signal: AbortSignal): Before {
  if (!outcome) return { committed: async (task) => task, isDiscarded: async () => false, signal, end: () => undefined }
  const abort = new AbortController()
  const stop = () => abort.abort(signal.reason)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  const ended = outcome.then(
    (one) => (one.paged ? one : undefined),
    // The turn gets this error from that step.
    () => undefined,
  )
  void ended.then((one) => one ?? abort.abort(new Discarded()))
  return {
    async committed(task) {
      const one = await ended
      if (!one) throw new Discarded()
      return one.held ?? task
    },
    isDiscarded: async () => !(await ended),
    signal: abort.signal,
    end: () => signal.removeEventListener('abort', stop),
  }
}
