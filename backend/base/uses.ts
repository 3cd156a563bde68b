import { HISTOGRAMS } from './metric-names'
import { OUTCOMES } from './vocabulary'

/*
 * What each job stores and what it uses of each API, added up in memory: the counters have no ids, so they cannot tell. `flush` moves it
 * to `backhaul.uses`, a row for each job, API and minute.
 */

/** Classes of answers by which requests are counted; `failed`: there was none. */
export const ANSWERS = ['2xx', '3xx', '4xx', '429', '5xx', 'failed'] as const
export type Answer = (typeof ANSWERS)[number]

/** @param status absent: there was no answer */
export function answerOf(status: number | undefined): Answer {
  if (status === undefined) return 'failed'
  // ESI and zKillboard say 420 for 429.
  if (status === 429 || status === 420) return '429'
  if (status < 300) return '2xx'
  return status < 400 ? '3xx' : status < 500 ? '4xx' : '5xx'
}

const BOUNDS = HISTOGRAMS.backhaul_request_duration_seconds.buckets

/** Figures of a row with an API, in the order of its `counts`: answers, requests of the class `live`, ms waited, and latency by bucket. */
export const REQUEST_FIGURES = [...ANSWERS, 'live', 'waitMs', ...BOUNDS.map((bound) => `le ${bound}`), 'le +Inf'] as const
/** Figures of a row without an API. */
export const RECORD_FIGURES = [...OUTCOMES, 'deleted', 'pages'] as const

const WAIT_AT = REQUEST_FIGURES.indexOf('waitMs')
const BUCKETS_AT = WAIT_AT + 1

/** What was added since the last flush that worked. */
export interface Used {
  who: string
  api: string
  counts: number[]
}

let held = new Map<string, Used>()

function rowOf(who: string, api: string, length: number): number[] {
  const key = `${who}\0${api}`
  const found = held.get(key)
  if (found) return found.counts
  const counts = new Array<number>(length).fill(0)
  held.set(key, { who, api, counts })
  return counts
}

const add = (counts: number[], at: number, by: number): void => {
  counts[at] = (counts[at] ?? 0) + by
}

/** Counts an answered or failed request. @param seconds from sending to the end of the answer */
export function useApi(who: string, api: string, answer: Answer, isLive: boolean, seconds: number): void {
  const counts = rowOf(who, api, REQUEST_FIGURES.length)
  add(counts, ANSWERS.indexOf(answer), 1)
  if (isLive) add(counts, ANSWERS.length, 1)
  const bucket = BOUNDS.findIndex((bound) => seconds <= bound)
  add(counts, BUCKETS_AT + (bucket < 0 ? BOUNDS.length : bucket), 1)
}

/** Counts time waited for a limit. */
export function useWait(who: string, api: string, ms: number): void {
  add(rowOf(who, api, REQUEST_FIGURES.length), WAIT_AT, Math.max(0, Math.round(ms)))
}

/** Counts the records of a committed page. */
export function useRecords(who: string, records: Partial<Record<(typeof RECORD_FIGURES)[number], number>>): void {
  const counts = rowOf(who, '', RECORD_FIGURES.length)
  for (const [at, name] of RECORD_FIGURES.entries()) add(counts, at, records[name] ?? 0)
}

/** What was added since the last call. */
export function takeUses(): Used[] {
  const taken = [...held.values()]
  held = new Map()
  return taken
}

/** Puts back what was taken and could not be written. */
export function releaseUses(taken: readonly Used[]): void {
  for (const { who, api, counts } of taken) {
    const row = rowOf(who, api, counts.length)
    for (const [at, n] of counts.entries()) add(row, at, n)
  }
}
