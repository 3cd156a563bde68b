import type { Limit } from '../../contract'
import { shareOf } from '../../gate/limits'

/*
 * When jobs end that share the budget of a day, by when it is free again. Jobs get pages in proportion to their weights, so that the end
 * of one depends on the others.
 */

/** What one job still needs of a budget. */
export interface Need {
  id: string
  requests: number
  weight: number
  /** Where its next turn begins, as in the shares of its queue. */
  served: number
}

/** A rolling window of a limit, as far as backfills may use it. The gate counts it in parts, each whole until it is over for all of them. */
export interface Budget {
  /** What they may use in every window. */
  room: number
  partMs: number
  /** After the end of its part, a request counts for so long. */
  reachMs: number
  /** How much of a part is over now. */
  intoPartMs: number
  /** What of it was used, and in how many ms from now it is free again. */
  used: readonly { inMs: number; requests: number }[]
  /** The most requests in a millisecond, by the other limits of the API. */
  perMs: number
}

/** Less than this of a request is what is left by rounding. */
const LEAST = 1e-6
/** More rounds than any real backlog needs: in each, what was used a window before is there again. */
const MAX_ROUNDS = 10_000

/** A turn of a job: how many pages it has, and how much later the next one begins. */
const turnOf = ({ weight }: Need) => {
  const pages = Math.max(1, Math.round(weight))
  return { pages, step: pages / weight }
}

/**
 * How many requests are made until a job has made its last one, its own included: turns come in the order of where they begin, and of
 * those that begin at the same place one half comes before it.
 */
function placeOf(job: Need, all: readonly Need[]): number {
  const { pages, step } = turnOf(job)
  const last = job.served + (Math.ceil(job.requests / pages) - 1) * step
  let place = job.requests
  for (const other of all) {
    if (other === job) continue
    const turn = turnOf(other)
    const turns = (last - other.served) / turn.step
    const before = Math.min(other.requests, Math.max(0, Math.ceil(turns - LEAST)) * turn.pages)
    const isSame = turns > -LEAST && Math.abs(turns - Math.round(turns)) < LEAST
    place += before + (isSame ? Math.min(turn.pages, other.requests - before) / 2 : 0)
  }
  return place
}

/**
 * In how many ms each job has made its requests, if the jobs share the budget by weight and each uses its share at once.
 * A job that the budget never lets end is left out.
 */
export function endsOf(jobs: readonly Need[], budget: Budget): Map<string, number> {
  const { room, used, perMs } = budget
  const needs = jobs.map((job) => ({ ...job, requests: Math.max(1, Math.ceil(job.requests - LEAST)) }))
  const places = needs.map((job) => ({ id: job.id, place: placeOf(job, needs) })).sort((a, b) => a.place - b.place)
  const ends = new Map<string, number>()
  const due = used.map((one) => ({ ...one })).sort((a, b) => a.inMs - b.inMs)
  let free = Math.max(0, room - used.reduce((sum, { requests }) => sum + requests, 0))
  let now = 0
  let made = 0
  for (let round = 0; ends.size < places.length && round < MAX_ROUNDS; round++) {
    if (free < LEAST) {
      const next = due.shift()
      if (!next) break
      now = Math.max(now, next.inMs)
      free += next.requests
      continue
    }
    const next = places[ends.size] as (typeof places)[number]
    const spent = Math.min(next.place - made, free)
    now += spent / perMs
    made += spent
    free -= spent
    note(due, now, spent, budget)
    if (next.place - made < LEAST) ends.set(next.id, now)
  }
  return ends
}

/** Notes when what was spent until now is free again. */
function note(
  due: { inMs: number; requests: number }[],
  now: number,
  requests: number,
  { partMs, reachMs, intoPartMs }: Pick<Budget, 'partMs' | 'reachMs' | 'intoPartMs'>,
): void {
  const inMs = Math.ceil((now + intoPartMs) / partMs) * partMs - intoPartMs + reachMs
  const last = due.at(-1)
  if (last?.inMs === inMs) last.requests += requests
  else due.push({ inMs, requests })
}

/** The most requests in a millisecond by the limits that are no day's. */
function paceOf({ spacingMs, requests, perMs }: Limit, share: number | undefined): number {
  const spaced = spacingMs ? 1 / spacingMs : Number.POSITIVE_INFINITY
  const windowed = requests && perMs ? (requests * (share ?? 1)) / perMs : Number.POSITIVE_INFINITY
  const pace = Math.min(spaced, windowed)
  return Number.isFinite(pace) ? pace : 1
}

/** What is left of a pace for backfills is never less than this part of it: a burst of others is over before their day is. */
const LEAST_LEFT = 0.1

/**
 * The most requests of backfills in a millisecond beside those of others on the same key, by the limits that are no day's.
 * @param others what has come beside them, and in how many ms
 */
export function paceBeside(limit: Limit, others: { requests: number; ms: number }): number {
  const all = paceOf(limit, undefined)
  const beside = others.ms > 0 ? others.requests / others.ms : 0
  return Math.min(paceOf(limit, shareOf(limit, 'requests')), Math.max(all * LEAST_LEFT, all - beside))
}

/** Parts of a day in a row that tell a pace: the first and the last one are seldom whole. */
const LEAST_PARTS = 5

/** A part is fast if one in ten is as fast. */
const FAST = 0.9

/**
 * The pace of the fast ones among the last parts that were used in a row, requests in a millisecond: workers may be slower than the limits.
 * Slow parts tell how little was asked for, as when jobs begin, or that the pages were large ones.
 */
export function paceSeen({ used, partMs }: Pick<Budget, 'used' | 'partMs'>): number {
  const parts = [...used].sort((a, b) => b.inMs - a.inMs)
  const gap = parts.findIndex(({ inMs }, n) => n > 0 && (parts[n - 1] as { inMs: number }).inMs - inMs > 1.5 * partMs)
  const row = gap < 0 ? parts : parts.slice(0, gap)
  if (row.length < LEAST_PARTS) return Number.POSITIVE_INFINITY
  const whole = row.slice(1, -1).map(({ requests }) => requests)
  return (whole.sort((a, b) => a - b)[Math.floor(whole.length * FAST)] as number) / partMs
}
