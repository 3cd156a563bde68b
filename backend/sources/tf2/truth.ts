/*
 * Which of two statements about a listing is the newer one. What counts is when the upstream stated it, never when it arrived here: events,
 * snapshots and answers overtake each other.
 */

/** In equal seconds an event is nearer to the truth than an answer, and that than a snapshot, which may be a minute old. */
export const RANK = { snapshot: 0, answer: 1, event: 2 } as const

/** When something was stated, by the upstream's clock. */
export interface Moment {
  /** Unix time, seconds. */
  at: number
  rank: (typeof RANK)[keyof typeof RANK]
  /** Of an event: its id, which decides between two of one second. */
  event: string
}

export const snapshotMoment = (createdAt: number): Moment => ({ at: createdAt, rank: RANK.snapshot, event: '' })

/** @param sentAt when the request left: the answer may have been true at once, and no longer when it came */
export const answerMoment = (sentAt: Date): Moment => ({ at: Math.floor(sentAt.getTime() / 1000), rank: RANK.answer, event: '' })

/** An event's id is a MongoDB ObjectID, whose first four bytes are seconds. @returns undefined for an id that is none */
export function eventMoment(id: string): Moment | undefined {
  if (!/^[0-9a-f]{24}$/.test(id)) return undefined
  return { at: Number.parseInt(id.slice(0, 8), 16), rank: RANK.event, event: id }
}

/** Below 0 where `a` is older than `b`, 0 where they are the same. Texts compare by code unit, as the column does. */
export function compareMoments(a: Moment, b: Moment): number {
  if (a.at !== b.at) return a.at - b.at
  if (a.rank !== b.rank) return a.rank - b.rank
  return a.event < b.event ? -1 : a.event > b.event ? 1 : 0
}
