import { Problem, Unreachable } from '../api/client'
import { createStore } from './store'

export interface News {
  id: number
  text: string
  tone: 'ok' | 'bad'
}

/** What just happened, told at the edge of the page and to screen readers. */
export const news = createStore<News[]>([])

const KEEP_MS = 6000
let last = 0

/** Tells something; good news goes by itself, bad news stays until it is put away. */
export function tell(text: string, tone: News['tone'] = 'ok'): void {
  last += 1
  const id = last
  news.set([...news.get().slice(-3), { id, text, tone }])
  if (tone === 'ok') setTimeout(() => putAway(id), KEEP_MS)
}

export function putAway(id: number): void {
  news.set(news.get().filter((one) => one.id !== id))
}

/** Runs a write and tells how it went. @returns its answer, or undefined when it was refused */
export async function attempt<T>(work: () => Promise<T>, done?: (answer: T) => string): Promise<T | undefined> {
  try {
    const answer = await work()
    if (done) tell(done(answer))
    return answer
  } catch (error) {
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error
    tell(error.message, 'bad')
    return undefined
  }
}
