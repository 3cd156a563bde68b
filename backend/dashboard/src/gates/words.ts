import { count, counted, percent } from '../../../base/vocabulary'
import type { Gate, Limit } from '../api/types'

/*
 * Limits and their gates in words.
 */

export const MARKS: Record<Gate['state'], string> = { ready: 'ok', blocked: 'paused', tripped: 'failed' }

/** A gate whose requests failed one after the other. */
export const TRIPPED = 'closed after failures'

/** What the gates of a limit are of. */
const MANY: Record<Limit['scope'], string> = { ip: 'gates', host: 'hosts', key: 'keys', account: 'accounts' }

export const manyOf = ({ scope }: Pick<Limit, 'scope'>): string => MANY[scope]

/** What is to be told of a limit: `closed after failures`, `near the limit`; with many gates, of how many: `paused by the API: 2 of 5,000 hosts`. */
export function statesOf(limit: Limit): string[] {
  const { gates } = limit
  const isMany = gates.total > 1
  const of = (n: number, text: string) =>
    n === 0 ? [] : [isMany ? `${text}: ${count(n)} of ${count(gates.total)} ${manyOf(limit)}` : text]
  const closed = [...of(gates.tripped, TRIPPED), ...of(gates.blocked, 'paused by the API')]
  if (closed.length > 0) return closed
  const soon = [...of(gates.failing, 'requests fail'), ...of(gates.near, 'near the limit')]
  return soon.length > 0 ? soon : [gates.total === 0 ? 'not used yet' : 'open']
}

/** Its mark: the one of its worst gate. */
export function markOf(limit: Limit): string {
  if (limit.gates.total === 0) return 'waiting'
  return isTroubled(limit) && limit.state === 'ready' ? 'partial' : MARKS[limit.state]
}

/** Whether it holds requests up, or soon will. */
export const isTroubled = ({ gates }: Limit): boolean => gates.tripped + gates.blocked + gates.failing + gates.near > 0

/** All limits in one sentence. */
export function summaryOf(limits: readonly Limit[]): string {
  const troubled = limits.filter(isTroubled).map((limit) => `${limit.name}: ${statesOf(limit).join(', ')}.`)
  const waiting = limits.reduce((sum, limit) => sum + limit.waiting.limit, 0)
  const closed = limits.reduce((sum, limit) => sum + limit.waiting.closed, 0)
  return [
    ...(troubled.length === 0 ? ['No gate is closed, and no limit is nearly used up.'] : troubled),
    closed > 0 ? `${counted(closed, 'task waits', 'tasks wait')} for a closed gate.` : '',
    waiting === 0 ? 'No task waits for a limit.' : `${counted(waiting, 'task waits', 'tasks wait')} for a limit, as intended.`,
  ]
    .filter(Boolean)
    .join(' ')
}

export const useText = ({ use }: Pick<Limit, 'use'>): string => (use === null ? '–' : percent(use))
