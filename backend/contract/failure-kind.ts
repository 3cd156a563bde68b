/** Whether a task that failed so may succeed when it is tried again. */
export type Again = 'helps' | 'may help' | 'does not help'

/** What people are told of a kind of failure. */
export interface FailureKind {
  again: Again
  /** Why, and what to do first, in one sentence: `The credentials were refused: connect the account again, then retry.` */
  advice: string
}
