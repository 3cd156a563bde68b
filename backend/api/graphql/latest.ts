/** Where a subscription's news comes in. */
export interface Sink<T> {
  next(value: T): void
  end(): void
  fail(error: unknown): void
}

/**
 * Hands on what is pushed, at the pace of whoever takes it: news he has not taken yet is one value, however much came. A
 * slow reader therefore holds no more memory than that value.
 * @param start begins the news and returns what stops them; both happen once
 * @param merge what is handed on when `next` comes before `waiting` was taken
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
  // The news may have ended before it was known how to stop them.
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
