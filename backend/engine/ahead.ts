import type { Outcome } from './step'

/*
 * A page is read while the one before it is being committed. What depends on that commit waits for it; if it fails, what was read is
 * thrown away, and the task is read again from its cursor.
 */

/** The page before this one was not committed; whoever committed it has dealt with the task. */
export class Discarded extends Error {}

/** What a step may know of the page before it. */
export interface Before {
  /** Resolves once that page is committed. @throws {Discarded} when it was not */
  committed(): Promise<void>
  /** Aborted when the worker's is, or when that page was not committed. */
  signal: AbortSignal
  /** To be called when the step is over. */
  end(): void
}

/** @param outcome of the page before; undefined: the task's row is all there is */
export function after(outcome: Promise<Outcome> | undefined, signal: AbortSignal): Before {
  if (!outcome) return { committed: async () => undefined, signal, end: () => undefined }
  const abort = new AbortController()
  const stop = () => abort.abort(signal.reason)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  const isCommitted = outcome.then(
    ({ paged }) => paged === true,
    // The turn gets this error from that step.
    () => false,
  )
  void isCommitted.then((is) => is || abort.abort(new Discarded()))
  return {
    async committed() {
      if (!(await isCommitted)) throw new Discarded()
    },
    signal: abort.signal,
    end: () => signal.removeEventListener('abort', stop),
  }
}
