/** What one of the benchmark's own processes answers, by command. */
export type Answers = Record<string, (input: never) => unknown>

/** Answers the benchmark over the channel it started this process with. */
export function answer(answers: Answers): void {
  process.on('message', (message: { id?: number; command?: string; input?: never }) => {
    const { id, command = '', input } = message
    if (id === undefined) return
    Promise.resolve()
      .then(() => answers[command]?.(input as never))
      .then(
        (result) => process.send?.({ id, answer: result }),
        (error: Error) => process.send?.({ id, error: error.message }),
      )
  })
}
