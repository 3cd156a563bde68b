import type { Io, Reject } from '../../../contract'
import type { Entry, Listed } from '../client'
import { type Judgement, judge } from '../judge'
import type { Want } from '../listing'
import { type Killmail, rowsOf } from '../records'
import { type Pending, REASONS, type WalkCursor } from './cursor'

/** Rows one transaction takes; a page with more is read again for its rest. */
const MAX_ROWS = 20_000

/** What one page gave. */
export interface Taken {
  killmails: Killmail[]
  pending: Pending[]
  rejected: Reject[]
  known: number
  counted: number
  /** Lowest killmail dealt with. */
  low: string | undefined
  /** The page has more than one transaction takes. */
  cut: boolean
}

const number = (id: string | undefined, otherwise: number): number => (id === undefined ? otherwise : Number(id))
export const nameOf = (entry: Entry): string => `${entry.id}:${entry.zkb.hash}`
/** Undefined times are inside: only the body can tell. */
export const isWanted = (time: number | undefined, { from, until }: Want): boolean => time === undefined || (time >= from && time < until)

/**
 * Goes through a page newest first: leaves what is held, keeps the bodies that prove themselves, notes the others for ESI.
 * A killmail at or above `low` was counted on an earlier page: new killmails push the older ones to later pages.
 */
export async function takePage(page: Listed, cursor: WalkCursor, want: Want, io: Io): Promise<Taken> {
  const low = number(cursor.low, Number.POSITIVE_INFINITY)
  const floor = number(cursor.floor, 0)
  const capped = Number.isFinite(want.cap)
  const isFresh = (entry: Entry): boolean => Number(entry.id) < low && Number(entry.id) > floor
  const wanted = page.entries.filter((entry) => isWanted(entry.time, want) && (isFresh(entry) || !capped))
  const held = await io.known(wanted.map(nameOf))
  const judged = new Map(wanted.filter((entry) => !want.skipExisting || !held.has(nameOf(entry))).map((entry) => [entry.id, judge(entry)]))
  const left = want.skipExisting ? await refusedBefore(wanted, judged, io) : new Map<string, string>()
  const waits = new Set(cursor.pending.map((one) => one.id))
  const taken: Taken = { killmails: [], pending: [], rejected: [], known: 0, counted: cursor.counted, low: cursor.low, cut: false }
  let rows = 0
  for (const entry of wanted) {
    if (capped && taken.counted >= want.cap) break
    if (rows >= MAX_ROWS) {
      taken.cut = true
      break
    }
    const fresh = isFresh(entry)
    if (fresh) {
      taken.low = entry.id
      taken.counted++
    }
    const judgement = judged.get(entry.id)
    if (!fresh && (held.has(nameOf(entry)) || left.has(entry.id) || waits.has(entry.id) || (judgement && 'reject' in judgement))) continue
    if (judgement) rows += sort(entry, judgement, taken, want, left.get(entry.id))
    else taken.known++
  }
  if (taken.cut) return taken
  return {
    ...taken,
    low: lowest(cursor.low, page.entries),
    rejected: [...page.rejected, ...taken.rejected],
  }
}

/** Puts one killmail where it belongs. @returns rows it becomes now */
function sort(entry: Entry, judged: Judgement, taken: Taken, want: Want, refusal: string | undefined): number {
  if ('pending' in judged && refusal) {
    taken.rejected.push({ key: entry.id, reason: refusal, detail: 'ESI refused it within the last 30 days', raw: entry.raw })
    return 0
  }
  if ('pending' in judged) {
    const unseen = entry.time === undefined && (Number.isFinite(want.from) || Number.isFinite(want.until))
    taken.pending.push(unseen ? { ...judged.pending, unseen } : judged.pending)
    return 0
  }
  if ('reject' in judged) {
    taken.rejected.push(judged.reject)
    return 0
  }
  taken.killmails.push(judged.killmail)
  return rowsOf(judged.killmail)
}

/** Killmails ESI refused lately, with the reason; asked for those only whose body has to come from ESI. */
async function refusedBefore(entries: readonly Entry[], judged: Map<string, Judgement>, io: Io): Promise<Map<string, string>> {
  const doubtful = entries.filter((entry) => {
    const judgement = judged.get(entry.id)
    return judgement && !('killmail' in judgement)
  })
  if (doubtful.length === 0) return new Map()
  const found = await io.known(doubtful.flatMap((entry) => REASONS.map((reason) => `${reason}:${nameOf(entry)}`)))
  return new Map(
    doubtful.flatMap((entry) => {
      const reason = REASONS.find((one) => found.has(`${one}:${nameOf(entry)}`))
      return reason ? [[entry.id, reason] as const] : []
    }),
  )
}

/** The lower of an id and the last of a page. */
export function lowest(id: string | undefined, entries: readonly Pick<Entry, 'id'>[]): string | undefined {
  const last = entries.at(-1)?.id
  return last === undefined || number(id, Number.POSITIVE_INFINITY) < Number(last) ? id : last
}
