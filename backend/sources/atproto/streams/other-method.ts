import { RetryLater, UNREACHABLE } from '../../../base/errors'

/** After so many tries in a row what its host cannot give is asked for by the other method. */
const TRIES = 2

/** Whether a host that is there has failed often enough to give something. */
export const cannotGive = (error: unknown, attempts: number): error is RetryLater =>
  attempts >= TRIES && error instanceof RetryLater && !UNREACHABLE.test(error.kind)
