import { Refused } from '../../base/errors'
import { forgetRefusals } from '../../engine/lookups/refusals'
import type { Service } from '../base/context'
import { type Actor, act } from './actions'

/**
 * Forgets what an upstream refused.
 * @returns how many refusals
 * @throws {Refused} `input` when nothing or too much was chosen, or an id is none; `missing` when none of the ids is refused
 */
export async function forget(
  service: Pick<Service, 'db' | 'log' | 'sources'>,
  actor: Actor,
  kind: string,
  choice: { ids?: string[]; all?: boolean },
): Promise<number> {
  const ids = choice.ids?.length ? [...new Set(choice.ids)] : undefined
  if ((ids !== undefined) === (choice.all === true)) throw new Refused('input', 'Say which: ids, or all of the kind; not both.', 'ids')
  const odd = ids?.find((id) => !/^[1-9]\d{0,17}$/.test(id))
  if (odd !== undefined) throw new Refused('input', `"${odd}" is no id.`, 'ids')
  const work = () => service.db.tx((tx) => forgetRefusals(tx, service.sources, kind, ids))
  return await act(service, actor, 'refusal.forget', ids ? `${kind} ${ids.slice(0, 10).join(', ')}` : kind, { kind, ...choice }, work)
}
