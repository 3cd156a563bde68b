import { Throttled } from '../base/errors'
import type { RowAsk } from './asks'
import type { Grant } from './grant'
import type { Decision } from './store'

/** The gate's answer to one question. */
export interface Answer {
  decision: Decision
  /** What it granted, if it did. */
  grant?: Grant
  /** Room reserved after a spaced slot, ms. */
  delta: number
  /** When the answer arrived, by the local clock. */
  answeredAt: number
}

/** How long an answer waits for its request, ms: as long as the place of a finished request may stay taken (settle.ts). */
const KEEP_MS = 20

const keyOf = (rows: ReadonlyMap<string, RowAsk>): string => JSON.stringify([...rows])

/** Whether a question may be asked before its request is known to come: an unused slot of a spaced limit is time lost for everybody. */
export const mayAskAhead = (rows: ReadonlyMap<string, RowAsk>): boolean => [...rows.values()].every(({ spacing }) => spacing === undefined)

/**
 * Answers to questions that were asked before their requests, one at most for the same gates. An answer that no request takes in time is
 * released.
 * @param release takes a grant that no request uses
 * @param track keeps the error of work that no caller awaits
 */
export function createAhead(release: (grant: Grant) => Promise<unknown>, track: (work: Promise<unknown>) => void, local: () => number) {
  const kept = new Map<string, Promise<Answer>>()

  /** A question that could not be asked has granted nothing. */
  const releaseAnswer = (asked: Promise<Answer>): void =>
    track(
      asked.then(
        ({ grant }) => grant && release(grant),
        (error: unknown) => {
          if (!(error instanceof Throttled)) throw error
        },
      ),
    )

  function drop(key: string, asked: Promise<Answer>): void {
    if (kept.get(key) !== asked) return
    kept.delete(key)
    releaseAnswer(asked)
  }

  return {
    /** Asks, unless such an answer is kept already. */
    ask(rows: ReadonlyMap<string, RowAsk>, ask: () => Promise<Answer>): void {
      const key = keyOf(rows)
      if (kept.has(key)) return
      const asked = ask()
      kept.set(key, asked)
      const expire = () => drop(key, asked)
      // Whoever takes the answer gets its error, too.
      asked.then(() => setTimeout(expire, KEEP_MS).unref(), expire)
    },

    /** The answer for these gates, if one is kept that still counts. @throws the error of its question */
    async take(rows: ReadonlyMap<string, RowAsk>): Promise<Answer | undefined> {
      if (kept.size === 0) return undefined
      const key = keyOf(rows)
      const asked = kept.get(key)
      if (!asked) return undefined
      kept.delete(key)
      const answer = await asked
      // The process was busy, and the timer is late.
      if (local() - answer.answeredAt <= KEEP_MS) return answer
      releaseAnswer(asked)
      return undefined
    },

    /** Releases all of them: what they were granted for may hold no longer. */
    dropAll(): void {
      for (const [key, asked] of kept) drop(key, asked)
    },
  }
}
