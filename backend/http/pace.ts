import type { HttpUse } from '../contract'
import { Paced } from '../gate/gate'
import { sleepUntil } from '../gate/sleep'
import { noteWait } from './traffic'

/** The longest wait for the pace of a job, ms: work that has to wait longer releases its worker. */
const INLINE_MS = 2_000

/**
 * Runs `work` again once the pace of its job allows it. While it waits it holds no place of the process, so other jobs can use it.
 * @throws {Paced} when the slot is further off than 2 s
 * @throws the signal's reason when it aborts before
 */
export async function atPace<T>(api: string, use: HttpUse, work: () => Promise<T>): Promise<T> {
  const began = performance.now()
  for (;;) {
    try {
      return await work()
    } catch (error) {
      const waiting = performance.now()
      if (!(error instanceof Paced) || waiting + error.inMs > began + INLINE_MS) throw error
      await sleepUntil(() => waiting + error.inMs - performance.now(), use.signal)
      noteWait(use, api, waiting)
    }
  }
}
