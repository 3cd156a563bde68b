/*
 * Calendar months in UTC, written 2024-03. zKillboard cuts a listing by year and month once its 100 pages are used up.
 */

/** First month EVE has killmails of. */
export const FIRST_MONTH = '2007-12'

/**
 * How far killmail ids and times may stand in different order, ms. zKillboard lists by id and cuts its months by id, so what
 * is chosen by time reads this much further.
 */
export const STRAGGLE_MS = 86_400_000

/** The month a moment lies in. */
export const monthOf = (at: Date | string | number): string => new Date(at).toISOString().slice(0, 7)

/** The month before. */
export function previousMonth(month: string): string {
  const [year, number] = month.split('-').map(Number) as [number, number]
  return number === 1 ? `${year - 1}-12` : `${year}-${String(number - 1).padStart(2, '0')}`
}

/** Every month from `newest` down to `oldest`, newest first; none when `oldest` is later. */
export function monthsBetween(newest: string, oldest: string): string[] {
  const months: string[] = []
  for (let month = newest; month >= oldest; month = previousMonth(month)) months.push(month)
  return months
}

/** The months by id in which killmails of a window by time can lie; `until` is the first moment outside. */
export function monthsOfWindow(from: number, until: number, now = Date.now()): { newest: string; oldest: string } {
  const oldest = monthOf(Math.max(from - STRAGGLE_MS, Date.parse(`${FIRST_MONTH}-01`)))
  return { newest: monthOf(Math.min(until - 1 + STRAGGLE_MS, now)), oldest }
}
