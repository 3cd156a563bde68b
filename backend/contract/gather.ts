import { Fatal, RetryLater, Throttled } from '../base/errors'
import type { Io } from './io'

export interface Gathered<T, R> {
  /** In the order of the items. */
  answers: R[]
  /** Items whose own request failed. */
  failed: { item: T; error: RetryLater | Fatal }[]
}

/**
 * Asks for many items, `atOnce` at a time, while `io.more()` allows it. One item's failure does not fail the others; items that
 * were not asked for are in neither list. If all of the first requests fail, the endpoint may be down: no more are sent.
 * @throws {Throttled} when nothing could be asked
 * @throws any other error of `ask` that is neither `RetryLater` nor `Fatal`
 */
export async function gather<T, R>(
  items: readonly T[],
  io: Pick<Io, 'more'>,
  atOnce: number,
  ask: (item: T) => Promise<R>,
): Promise<Gathered<T, R>> {
  const answers: R[] = []
  const failed: Gathered<T, R>['failed'] = []
  for (let at = 0; at < items.length; at += atOnce) {
    if (at > 0 && (answers.length === 0 || !io.more())) break
    let wait: Throttled | undefined
    const some = items.slice(at, at + atOnce)
    for (const [place, one] of (await Promise.allSettled(some.map(ask))).entries()) {
      if (one.status === 'fulfilled') answers.push(one.value)
      else if (one.reason instanceof Throttled) wait ??= one.reason
      else if (one.reason instanceof RetryLater || one.reason instanceof Fatal) failed.push({ item: some[place] as T, error: one.reason })
      else throw one.reason
    }
    if (wait && answers.length + failed.length === 0) throw wait
    if (wait) break
  }
  return { answers, failed }
}
