import { bySpan, waitOf, waitText } from '../../backend/base/vocabulary'
import type { Noun } from '../../backend/contract'
import type { Lane, LanePage } from '../../backend/service/jobs/lanes'
import { bytes, count, cut, table } from './text'

/** Rows of the table. */
export const MAX_LANES = 50
/** Rows of the JSON: enough for a whole network of hosts. */
export const MAX_IN_JSON = 10_000

/** The lanes of a job as a table, called what they are in its source. */
export function lanesText({ items, total }: Pick<LanePage, 'items' | 'total'>, word: Noun, now = Date.now()): string {
  if (items.length === 0) return `No ${word.many} yet.`
  const head = [word.one, 'state', 'done / found', 'skipped', 'failed', 'records', 'new', 'requests', 'data', 'waits or error']
  const rows = items.map((it) => [
    it.lane === '' ? '(discovery)' : it.lane,
    it.state,
    `${count(it.done)} / ${count(it.total)}`,
    it.skipped,
    it.failed,
    it.seen,
    it.new,
    it.requests,
    it.bytes > 0 ? bytes(it.bytes) : '',
    cut(waitOrError(it, now), 80),
  ])
  const more = total - items.length
  return [table(head, rows), ...(more > 0 ? [`… and ${count(more)} more: --json lists all`] : [])].join('\n\n')
}

function waitOrError(it: Lane, now: number): string {
  if (it.until !== null) return waitText(waitOf(it), bySpan(Date.parse(it.until) - now))
  return [it.errorKind, it.error].filter(Boolean).join(': ')
}
