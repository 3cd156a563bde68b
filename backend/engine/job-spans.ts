import type { Reader } from '../base/sql'
import type { SpanKind } from '../base/vocabulary'
import { noteSpans, type SpanNote } from './store'

/*
 * What happens to tasks of a job again and again, added up in memory and written with each heartbeat: a page costs nothing for it.
 */

/** Entries that one process holds; while the database is unreachable, further ones are left out. */
const MAX_HELD = 2_000

let held = new Map<string, SpanNote>()

/** Counts something that happened to a task of a job. @param on a kind of error, or empty */
export function countSpan(job: string, kind: SpanKind, on: string): void {
  const key = `${job} ${kind} ${on}`
  const one = held.get(key)
  if (one) one.times++
  else if (held.size < MAX_HELD) held.set(key, { job, kind, on, times: 1, seconds: 0 })
}

/** Writes what was counted. @throws what the database throws; it is kept for the next time */
export async function flushSpans(db: Reader): Promise<void> {
  const taken = held
  held = new Map()
  try {
    await noteSpans(db, [...taken.values()])
  } catch (error) {
    for (const [key, note] of taken) {
      const one = held.get(key)
      if (one) one.times += note.times
      else if (held.size < MAX_HELD) held.set(key, note)
    }
    throw error
  }
}
