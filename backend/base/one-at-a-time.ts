import type { Reader } from './sql'

/**
 * Lets one write of a process run at a time: one that failed must have put back what it took before the next takes it.
 * @returns the same function, whose calls follow one another; the caller gets the error of its own write, and the next one starts in any case
 */
export function oneAtATime(write: (db: Reader) => Promise<void>): (db: Reader) => Promise<void> {
  let running: Promise<unknown> = Promise.resolve()
  return (db) => {
    const next = running.then(() => write(db))
    running = next.catch(() => undefined)
    return next
  }
}
