import type { Reader } from '../../base/sql'
import type { Day } from './calendar'
import { REPORTS, reportKey } from './cursor'
import type { Planned } from './dates'
import type { BackfillParams } from './params'
import { preparedOf } from './plan'
import { type Held, readHeld } from './store'

/*
 * What of a date is stored already, or is being read by another job, so that it is not read again. The job that reads and the
 * preview ask the same functions.
 */

export interface Settled {
  kind: 'exists' | 'in_flight'
  reason: string
  /** Rows that are stored. */
  rows: number
}

type ToRead = Extract<Planned, { listed: unknown }>

const inFlight = (job: string): Settled => ({ kind: 'in_flight', reason: `job ${job.slice(0, 8)} reads it`, rows: 0 })

/**
 * Whether what is held makes a capture unnecessary: it is the last word on its date, and not older. For a job that reads what is missing
 * of it, what it stored itself counts as well, unless there is a newer capture.
 */
export function covers(held: Held, { listed }: Pick<ToRead, 'listed'>, { skipExisting, prepared }: BackfillParams): boolean {
  if (held.asOf < listed.asOf) return false
  const own = prepared?.storedSince
  return (skipExisting && held.isFinal) || (own !== undefined && held.fetchedAt.toISOString() >= own)
}

/**
 * Why the summary of a date is not read; undefined: it is.
 * @param held rows of that date
 * @param others jobs that read summaries, by date
 */
function settledSummary(
  date: ToRead,
  held: readonly Held[],
  others: ReadonlyMap<string, string>,
  params: BackfillParams,
): Settled | undefined {
  const rows = held.filter((one) => one.detail === 'summary')
  if (rows.length > 0 && rows.every((one) => covers(one, date, params)))
    return { kind: 'exists', reason: 'its final summary is stored', rows: rows.length }
  const job = others.get(date.date)
  return job === undefined ? undefined : inFlight(job)
}

/**
 * Districts of a date whose reports are not read, with the reason.
 * @param others jobs that read reports, by their keys
 */
export function settledDistricts(
  date: Pick<ToRead, 'date' | 'listed'>,
  districts: readonly string[],
  held: readonly Held[],
  others: ReadonlyMap<string, string>,
  params: BackfillParams,
): Map<string, Settled> {
  const stored = new Set(held.filter((one) => one.detail === 'full' && covers(one, date, params)).map((one) => one.districtId))
  const settled = new Map<string, Settled>()
  for (const district of districts) {
    const job = REPORTS.map((report) => others.get(reportKey(date.date, district, report))).find((id) => id !== undefined)
    if (stored.has(district)) settled.set(district, { kind: 'exists', reason: 'its final statistics are stored', rows: 1 })
    else if (job !== undefined) settled.set(district, inFlight(job))
  }
  return settled
}

/** Held rows by date. */
async function heldByDate(db: Reader, from: Day, to: Day): Promise<Map<Day, Held[]>> {
  const dates = new Map<Day, Held[]>()
  for (const one of await readHeld(db, from, to)) {
    const own = dates.get(one.date)
    if (own) own.push(one)
    else dates.set(one.date, [one])
  }
  return dates
}

/** Districts of a job's date: those in scope, else those of its stored summary. */
const districtsOf = ({ prepared }: BackfillParams, held: readonly Held[]): string[] =>
  prepared?.districts ?? held.filter((one) => one.detail === 'summary').map((one) => one.districtId)

/**
 * Why a date is not read at all, by date: everything of it is stored or being read.
 * @param inFlight asks which tasks running jobs have open
 */
export async function settledDates(
  db: Reader,
  dates: readonly Planned[],
  params: BackfillParams,
  inFlight: (stream: string, keys: readonly string[]) => Promise<Map<string, string>>,
): Promise<Map<Day, Settled>> {
  const asked = dates.filter((one): one is ToRead => 'listed' in one)
  const days = asked.map((one) => one.date).sort()
  const held = await heldByDate(db, days[0] ?? params.startDate, days.at(-1) ?? params.startDate)
  const settled = new Map<Day, Settled>()
  if (preparedOf(params).detail === 'summary') {
    const others = await inFlight('summary', days)
    for (const one of asked) {
      const found = settledSummary(one, held.get(one.date) ?? [], others, params)
      if (found) settled.set(one.date, found)
    }
    return settled
  }
  const keys = asked.flatMap((one) =>
    districtsOf(params, held.get(one.date) ?? []).flatMap((id) => REPORTS.map((report) => reportKey(one.date, id, report))),
  )
  const others = await inFlight('report', keys)
  for (const one of asked) {
    const own = held.get(one.date) ?? []
    const districts = districtsOf(params, own)
    const found = [...settledDistricts(one, districts, own, others, params).values()]
    const [first] = found
    if (first && found.length === districts.length) settled.set(one.date, found.find((it) => it.kind === 'in_flight') ?? first)
  }
  return settled
}
