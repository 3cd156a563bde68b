import { Refused } from '../../base/errors'
import { DEFAULT_LIMIT, MAX_LIMIT } from '../../base/vocabulary'
import { requireIds } from '../../engine/lookups/ids'
import { allRefusals, forgetRefusals, listRefusals, type RefusalRow, refusalsOf } from '../../engine/lookups/refusals'
import type { Service } from '../base/context'

import { type Actor, act } from './actions'

type Kept = Omit<RefusalRow, 'refusedAt' | 'until'> & { refusedAt: string | null; until: string }

/** Refusals in force, by kind and id. @throws {Refused} `input` for an unknown kind */
export async function list({ db, sources }: Pick<Service, 'db' | 'sources'>, ask: { kind?: string; limit?: number }): Promise<Kept[]> {
  const rows = await listRefusals(db, sources, { kind: ask.kind, limit: ask.limit ?? DEFAULT_LIMIT })
  return rows.map(shown)
}

const shown = (row: RefusalRow): Kept => ({ ...row, refusedAt: row.refusedAt?.toISOString() ?? null, until: row.until.toISOString() })

/** Every refusal in force, page by page. @throws {Refused} `input` for an unknown kind */
export async function* listAll({ db, sources }: Pick<Service, 'db' | 'sources'>, kind?: string): AsyncGenerator<Kept[]> {
  for await (const page of allRefusals(db, sources, kind, MAX_LIMIT)) yield page.map(shown)
}

/**
 * Forgets what an upstream refused, so that it is asked again.
 * @returns how many refusals were forgotten
 * @throws {Refused} `input` for an unknown kind, for both or neither of `ids` and `all`, or for an invalid id; `missing` when none of the
 *   ids is refused
 */
export async function forget(
  service: Pick<Service, 'db' | 'log' | 'sources'>,
  actor: Actor,
  kind: string,
  choice: { ids?: string[]; all?: boolean },
): Promise<number> {
  const { ids: given, all } = choice
  const ids = given?.length ? requireIds(refusalsOf(service.sources, kind).id, given) : undefined
  if ((ids !== undefined) === (all === true)) throw new Refused('input', 'Give either ids or all: true.', 'ids')
  const work = () => service.db.tx((tx) => forgetRefusals(tx, service.sources, kind, ids))
  return await act(service, actor, 'refusal.forget', ids ? `${kind} ${ids.slice(0, 10).join(', ')}` : kind, { kind, ...choice }, work)
}
