import type { BulkDone, BulkPreview } from '../api/types'
import { count, counted, namedInText } from './format'

/** `Of 420 that match now, the others stay as they are: 15 completed, 5 cancelled.` */
export function previewText({ able, matching, others }: BulkPreview): string {
  if (others.length === 0) return `All ${count(able)} that match now.`
  const rest = others.map(({ status, jobs }) => `${count(jobs)} ${namedInText(status)}`).join(', ')
  return `Of ${count(matching)} that match now, the others stay as they are: ${rest}.`
}

/**
 * `1,200 jobs paused. 3 refused: 2 completed, 1 cancelled.`, each reason once.
 * @param what happened to them: `paused`
 */
export function outcomeText(what: string, done: number, refused: BulkDone['refused']): string {
  const reasons = new Map<string, number>()
  for (const { state, reason } of refused) reasons.set(state ?? reason, (reasons.get(state ?? reason) ?? 0) + 1)
  const why = [...reasons].slice(0, 3).map(([reason, jobs]) => `${count(jobs)} ${reason}`)
  return `${counted(done, 'job')} ${what}.${refused.length > 0 ? ` ${count(refused.length)} refused: ${why.join(', ')}.` : ''}`
}
