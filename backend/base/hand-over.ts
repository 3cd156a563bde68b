/**
 * What `run` gives, one by one, as a generator: `run` goes on once the value was taken. When the reader leaves, the next `give` throws
 * `Left`, which ends `run`.
 */
export async function* handedOver<T>(run: (give: (value: T) => Promise<void>) => Promise<void>): AsyncGenerator<T> {
  let offered: { value: T; taken: (isRead: boolean) => void } | undefined
  let wake: () => void = () => undefined
  let isOver = false
  let isLeft = false
  const give = async (value: T): Promise<void> => {
    const isRead =
      !isLeft &&
      (await new Promise<boolean>((taken) => {
        offered = { value, taken }
        wake()
      }))
    if (!isRead) throw new Left()
  }
  const running = run(give).finally(() => {
    isOver = true
    wake()
  })
  // It is thrown to the reader below.
  running.catch(() => undefined)
  try {
    while (true) {
      if (!offered && !isOver)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      const current = offered
      if (!current) break
      yield current.value
      offered = undefined
      current.taken(true)
    }
    await running
  } finally {
    isLeft = true
    offered?.taken(false)
  }
}

/** The reader needs no more. */
export class Left extends Error {
  override name = 'Left'
}
