import { Fatal, RetryLater, Throttled } from '../../base/errors'
import type { Id } from '../../base/json'
import type { Io } from '../../contract'

export interface Gathered<T, R> {
  answers: R[]
  /** What was asked and failed by itself. */
  failed: { item: T; error: Error }[]
}

/**
 * Asks for many things, a few at once, for as long as the moment allows; what could not be asked is left for later. Where
 * nothing but failures come at first, the route may be down and no more is asked.
 * @throws {Throttled} when nothing could be asked
 */
export async function gather<T, R>(items: readonly T[], io: Io, atOnce: number, ask: (item: T) => Promise<R>): Promise<Gathered<T, R>> {
  const answers: R[] = []
  const failed: { item: T; error: Error }[] = []
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

export interface Bisected<T> {
  found: T[]
  /** Ids that were refused when asked alone. */
  bad: Id[]
  /** Ids that stand in refused lists which were not halved any more. */
  unsure: Id[]
  /** Ids there was no time for. */
  left: Id[]
}

/**
 * Asks a bulk route that answers for all ids or for none, halving what it refuses. When one half is fine the bad id is known
 * to be in the other, which is halved again without asking.
 * @param ask undefined when the route refuses the ids
 * @param isEnough whether so many refusals are enough; lists that are left then are not asked any more
 */
export async function bisect<T>(
  ids: readonly Id[],
  io: Io,
  ask: (ids: readonly Id[]) => Promise<T[] | undefined>,
  isEnough: (refusals: number, found: number) => boolean = () => false,
): Promise<Bisected<T>> {
  const result: Bisected<T> = { found: [], bad: [], unsure: [], left: [] }
  const stack: { ids: readonly Id[]; isGuilty: boolean; twin: boolean }[] = ids.length > 0 ? [{ ids, isGuilty: false, twin: false }] : []
  let asked = 0
  let refusals = 0
  for (let part = stack.pop(); part; part = stack.pop()) {
    if (asked > 0 && !io.more()) {
      result.left.push(...part.ids)
      continue
    }
    if (isEnough(refusals, result.found.length)) {
      result.unsure.push(...part.ids)
      continue
    }
    let answer: T[] | undefined
    if (!part.isGuilty) {
      try {
        answer = await ask(part.ids)
      } catch (error) {
        const isWait = error instanceof Throttled || error instanceof RetryLater
        if (!isWait || (result.found.length === 0 && result.bad.length === 0)) throw error
        result.left.push(...part.ids, ...stack.flatMap((one) => one.ids))
        return result
      }
      asked++
      if (!answer) refusals++
    }
    const twin = stack.at(-1)
    if (answer) {
      result.found.push(...answer)
      if (part.twin && twin) twin.isGuilty = true
    } else if (part.ids.length === 1) result.bad.push(...part.ids)
    else {
      const half = part.ids.length >> 1
      stack.push({ ids: part.ids.slice(half), isGuilty: false, twin: false })
      stack.push({ ids: part.ids.slice(0, half), isGuilty: false, twin: true })
    }
  }
  return result
}
