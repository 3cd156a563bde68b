import type { Reader } from '../../base/sql'
import type { Preview, PreviewPart } from '../../contract'
import { laneOf } from './entities'
import { type CommerceParams, entitiesOf, type PreparedAccount, preparedOf } from './params'
import { unreadOf } from './plan'
import type { Cost } from './platform'
import { PLATFORM_PARTS } from './platforms'
import { type Entity, lastFound } from './store/sync-jobs'

/*
 * What a job would read, and about how many requests that takes. No platform is asked for it: the last backfill tells how much there was.
 */

interface Part extends PreviewPart {
  api: string
  /** Absent where nothing is read. */
  cost?: Cost
}

function partOf(account: PreparedAccount, entity: Entity, found: number | undefined, params: CommerceParams): Part {
  const { platform } = account
  const name = `${entity} of ${laneOf(account)}`
  const unread = unreadOf(account, entity, params)
  if (unread) return { name, api: platform, isRead: false, kind: unread.kind, reason: unread.skipped }
  const part = { name, api: platform, isRead: true }
  if (params.kind === 'incremental') return { ...part, cost: { unknown: 'how much has changed is known once it is read' } }
  if (found === undefined)
    return { ...part, cost: { unknown: 'how much there is of what was never read is known once its first page is read' } }
  const { from } = account
  const ask = { account, entity, kind: 'backfill' as const, from, to: preparedOf(params).to, params }
  return { ...part, expected: found, cost: PLATFORM_PARTS[platform].costOf(ask, found) }
}

/** Null where the requests of one part are not known. */
function requestsOf(parts: readonly Part[]): Record<string, number | null> {
  const requests: Record<string, number | null> = {}
  for (const { api, cost } of parts) {
    if (!cost) continue
    const before = requests[api] ?? 0
    requests[api] = 'unknown' in cost || requests[api] === null ? null : before + cost.requests
  }
  return requests
}

function notesOf(parts: readonly Part[]): string {
  const unknown = parts.flatMap(({ cost }) => (cost && 'unknown' in cost ? [cost.unknown] : []))
  const isCounted = parts.some(({ expected }) => expected !== undefined)
  return [...new Set([...(isCounted ? ['records and requests are by what the last backfill found'] : []), ...unknown])].join('; ')
}

/** For dry runs and plans: what is read of each account, and the requests to each platform where they can be told. */
export async function preview({ db }: { db: Reader }, params: CommerceParams): Promise<Preview> {
  if (params.kind === 'roll_up') return { unit: 'part', parts: [], each: {} }
  const { accounts } = preparedOf(params)
  const found = await lastFound(
    db,
    accounts.map(({ id }) => id),
  )
  const parts = accounts.flatMap((account) =>
    entitiesOf(account.platform, params).map((entity) => partOf(account, entity, found.get(`${account.id} ${entity}`), params)),
  )
  return {
    unit: 'part',
    isEachShown: true,
    parts: parts.map(({ api: _, cost: __, ...part }) => part),
    each: {},
    estimate: { requests: requestsOf(parts), note: notesOf(parts) },
  }
}
