import { duration } from './figures'
import type { WaitKind } from './states'
import { clock } from './text'

/*
 * What work waits for and until when, in the same sentence for commands, API and pages.
 */

export interface Waiting {
  kind: WaitKind
  /** A limit or its host, the kind of the last error, why it is held, or a queue. */
  on: string
  /** The last error of a retry. */
  error?: string | null
}

/** A moment as a wait tells it: when it ends, and when work is tried again. */
export interface When {
  ends: string
  tries: string
}

/** `until 12:03:10 UTC`, `at 12:03:10 UTC`: for a text that is read later. */
export const byClock = (at: Date, now: Date): When => ({ ends: `until ${clock(at, now)}`, tries: `at ${clock(at, now)}` })

/** `for another 42 s`, `in 42 s`: for a text that is read now. @param ms from now */
export function bySpan(ms: number): When {
  const left = duration(Math.max(1000, ms))
  return { ends: `for another ${left}`, tries: `in ${left}` }
}

/** `waiting for zkillboard.com for another 42 s`, `retrying in 42 s after http_502: zkillboard answered 502`. */
export function waitText({ kind, on, error }: Waiting, when: When): string {
  if (kind === 'worker') return `waiting for a free worker of ${on}`
  if (kind === 'hold') return `held until a person acts: ${on}`
  if (kind === 'gate') return `waiting for ${on} ${when.ends}`
  return `retrying ${when.tries} after ${on}${error ? `: ${error}` : ''}`
}

/** When a task is due that waits until a person acts: a date that every client can read, and that never comes. */
export const NEVER = '9999-12-31T00:00:00.000Z'

interface Parked {
  on: string | null
  errorKind: string | null
  error: string | null
  /** When it is due. */
  until: string | null
}

/** What a parked task waits for, or a lane until its next task is due. */
export function waitOf({ on, errorKind, error, until }: Parked): Waiting {
  if (on === null || on === errorKind) return { kind: 'retry', on: errorKind ?? 'an error', error }
  return { kind: until === NEVER ? 'hold' : 'gate', on }
}
