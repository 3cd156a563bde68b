import { RetryLater, Throttled } from '../base/errors'
import type { Id } from '../base/json'
import type { Io } from './io'

export interface Bisected<T> {
  found: T[]
  /** Ids that were refused when they were asked for alone. */
  bad: Id[]
  /** Ids of refused lists that were not halved any further. */
  unsure: Id[]
  /** Ids that were not asked for, for lack of time. */
  left: Id[]
}

/**
 * Asks an endpoint that answers for all ids of a list or for none, and halves the lists it refuses. If one half is answered, the bad
 * id must be in the other, which is halved without a request. Of n ids with b bad ones it takes at most 1 + 2b·log2(n + 1) requests.
 * @param ask undefined when the endpoint refuses the ids
 * @param isEnough whether so many refusals are enough; the remaining lists are then not asked for
 * @throws what `ask` throws; a `Throttled` or `RetryLater` only before the first result: later the remaining ids go to `left`
 */
export async function bisect<T>(
  ids: readonly Id[],
  io: Pick<Io, 'more'>,
  ask: (ids: readonly Id[]) => Promise<T[] | undefined>,
  isEnough: (refusals: number, found: number) => boolean = () => false,
): Promise<Bisected<T>> {
  const result: Bisected<T> = { found: [], bad: [], unsure: [], left: [] }
  /** `isGuilty`: it holds a bad id for sure. `twin`: the first of two halves, the other one is below it. */
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
