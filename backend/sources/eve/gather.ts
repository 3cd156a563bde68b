import { RetryLater, Throttled } from '../../engine/errors'
import type { Id, Io } from '../../engine/source'

/**
 * Asks for many things, a few at once, for as long as the moment allows; what could not be asked is left for later.
 * @throws the first error, when not one answer came
 */
export async function gather<T, R>(items: readonly T[], io: Io, atOnce: number, ask: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = []
  let fault: unknown
  for (let at = 0; at < items.length; at += atOnce) {
    if (answers.length > 0 && !io.more()) break
    const settled = await Promise.allSettled(items.slice(at, at + atOnce).map(ask))
    for (const one of settled) {
      if (one.status === 'fulfilled') answers.push(one.value)
      else fault ??= one.reason
    }
    if (settled.some((one) => one.status === 'rejected' && one.reason instanceof Throttled)) break
  }
  if (answers.length === 0 && fault !== undefined) throw fault
  return answers
}

export interface Bisected<T> {
  found: T[]
  /** Ids that were refused when asked alone. */
  bad: Id[]
  /** Ids there was no time for. */
  left: Id[]
}

/**
 * Asks a bulk route that answers for all ids or for none, halving what it refuses. When one half is fine the bad id is known
 * to be in the other, which is halved again without asking.
 * @param ask undefined when the route refuses the ids
 */
export async function bisect<T>(ids: readonly Id[], io: Io, ask: (ids: readonly Id[]) => Promise<T[] | undefined>): Promise<Bisected<T>> {
  const result: Bisected<T> = { found: [], bad: [], left: [] }
  const stack: { ids: readonly Id[]; isGuilty: boolean; twin: boolean }[] = ids.length > 0 ? [{ ids, isGuilty: false, twin: false }] : []
  let asked = 0
  for (let part = stack.pop(); part; part = stack.pop()) {
    if (asked > 0 && !io.more()) {
      result.left.push(...part.ids)
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
