import { Problem, Unreachable } from '../api/client'
import { createStore } from './store'

export interface Update {
  id: number
  text: string
  tone: 'ok' | 'bad'
}

/** What just happened; shown at the edge of the page and read out by screen readers. */
export const updates = createStore<Update[]>([])

const KEEP_MS = 6000
let last = 0

/** Shows an update; a good one disappears by itself, a bad one stays until it is dismissed. */
export function showUpdate(text: string, tone: Update['tone'] = 'ok'): void {
  last += 1
  const id = last
  updates.set([...updates.get().slice(-3), { id, text, tone }])
  if (tone === 'ok') setTimeout(() => dismiss(id), KEEP_MS)
}

export function dismiss(id: number): void {
  updates.set(updates.get().filter((one) => one.id !== id))
}

/** Runs a write and shows its result. @returns its answer, or undefined when it was refused */
export async function attempt<T>(work: () => Promise<T>, done?: (answer: T) => string): Promise<T | undefined> {
  try {
    const answer = await work()
    if (done) showUpdate(done(answer))
    return answer
  } catch (error) {
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error
    showUpdate(error.message, 'bad')
    return undefined
  }
}
