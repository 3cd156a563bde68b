/** Where a subscription's updates arrive. */
export interface Sink<T> {
  next(value: T): void
  end(): void
  fail(error: unknown): void
}

/**
 * Passes on updates at the pace of their reader: updates not read yet are kept as one value, however many arrived. A slow
 * reader therefore takes no more memory than that value.
 * @param start starts the updates and returns what stops them; both happen once
 * @param merge what is passed on when `next` arrives before `waiting` was read
 */
export function latest<T>(
  start: (sink: Sink<T>) => () => void,
  merge: (waiting: T, next: T) => T = (_, next) => next,
): AsyncIterableIterator<T> {
  let waiting: { value: T } | undefined
  let failure: { error: unknown } | undefined
  let isOver = false
  let taker: { resolve(result: IteratorResult<T>): void; reject(error: unknown): void } | undefined
  let stop: (() => void) | undefined

  function hand(): void {
    if (!taker) return
    const { resolve, reject } = taker
    if (waiting) {
      taker = undefined
      const { value } = waiting
      waiting = undefined
      resolve({ done: false, value })
    } else if (isOver) {
      taker = undefined
      if (failure) reject(failure.error)
      else resolve({ done: true, value: undefined })
      failure = undefined
    }
  }
  function close(): void {
    if (isOver) return
    isOver = true
    stop?.()
    hand()
  }
  const sink: Sink<T> = {
    next(value) {
      if (isOver) return
      waiting = { value: waiting ? merge(waiting.value, value) : value }
      hand()
    },
    end: close,
    fail(error) {
      failure ??= { error }
      close()
    },
  }
  stop = start(sink)
  // The updates may have ended before `start` returned what stops them.
  if (isOver) stop()
  return {
    next: () =>
      new Promise((resolve, reject) => {
        taker = { resolve, reject }
        hand()
      }),
    async return() {
      waiting = undefined
      close()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
