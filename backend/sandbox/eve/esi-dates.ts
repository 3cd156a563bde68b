/** Published compatibility dates; one in between means the one before it. */
const PUBLISHED = [
  '2020-01-01',
  '2025-04-01',
  '2025-04-02',
  '2025-08-26',
  '2025-09-26',
  '2025-09-30',
  '2025-11-06',
  '2025-12-16',
  '2026-05-19',
  '2026-06-09',
  '2026-07-17',
  '2026-07-21',
  '2026-08-04',
  '2026-08-18',
]
const LAST_KNOWN = Date.UTC(2026, 7, 18, 11)
const ROLLS_AT_MS = 11 * 3_600_000

/**
 * The date an answer is made for. Days roll at 11:00 UTC.
 * @returns undefined for nonsense and for a day that has not come
 */
export function compatibilityDate(header: string | undefined, now: number): string | undefined {
  if (header === undefined) return PUBLISHED[0]
  const day = new Date(`${header}T00:00:00Z`)
  if (!/^\d{4}-\d{2}-\d{2}$/.test(header) || Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== header) return undefined
  const today = new Date(Math.max(now, LAST_KNOWN) - ROLLS_AT_MS).toISOString().slice(0, 10)
  if (header > today) return undefined
  return PUBLISHED.findLast((date) => date <= header) ?? PUBLISHED[0]
}
