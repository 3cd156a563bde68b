import { Refused } from '../../base/errors'
import type { Id } from '../../base/json'
import type { Reader, Tx } from '../../base/sql'
import type { KeptRefusal, KeptRefusals, Source } from '../../contract'
import { ask, forgetRefused, refusedIds } from './store'

/*
 * What an upstream has refused is kept, so that it is not asked for again and again: ids it does not know, by kind of lookup,
 * and what a source keeps beside them. A person may know better.
 */

export interface RefusalRow extends KeptRefusal {
  kind: string
}

/** The refusals kept by each kind. */
export function refusalKinds(sources: Iterable<Source>): Map<string, KeptRefusals> {
  const kinds = new Map<string, KeptRefusals>()
  for (const source of sources) {
    for (const [kind, { id }] of Object.entries(source.lookups ?? {})) kinds.set(kind, ofLookups(kind, id))
    for (const [kind, kept] of Object.entries(source.refusals ?? {})) kinds.set(kind, kept)
  }
  return kinds
}

const ofLookups = (kind: string, id: KeptRefusals['id']): KeptRefusals => ({
  id,
  list: (db, limit, after) => refusedIds(db, kind, limit, after),
  async forget(tx, ids) {
    const forgotten = await forgetRefused(tx, kind, ids)
    await ask(tx, { [kind]: forgotten }, { priority: 1 })
    return forgotten.length
  },
})

/** Those of one kind. @throws {Refused} `input` for a kind there is not */
export const refusalsOf = (sources: Iterable<Source>, kind: string): KeptRefusals => {
  const kinds = refusalKinds(sources)
  const kept = kinds.get(kind)
  if (!kept) throw new Refused('input', `No refusals of kind "${kind}" are kept; there are ${[...kinds.keys()].join(', ')}.`, 'kind')
  return kept
}

const kindsOf = (sources: readonly Source[], kind: string | undefined) =>
  kind === undefined ? [...refusalKinds(sources)] : [[kind, refusalsOf(sources, kind)] as const]

/** Refusals in force, kind by kind. @throws {Refused} `input` for a kind there is not */
export async function listRefusals(
  db: Reader,
  sources: readonly Source[],
  { kind, limit }: { kind?: string; limit: number },
): Promise<RefusalRow[]> {
  const rows: RefusalRow[] = []
  for (const [name, kept] of kindsOf(sources, kind)) {
    if (rows.length >= limit) break
    rows.push(...(await kept.list(db, limit - rows.length)).map((row) => ({ ...row, kind: name })))
  }
  return rows
}

/** Every refusal in force, kind by kind, in pages of `size` rows. @throws {Refused} `input` for a kind there is not */
export async function* allRefusals(
  db: Reader,
  sources: readonly Source[],
  kind: string | undefined,
  size: number,
): AsyncGenerator<RefusalRow[]> {
  for (const [name, kept] of kindsOf(sources, kind)) {
    let after: Id | undefined
    do {
      const page = await kept.list(db, size, after)
      yield page.map((row) => ({ ...row, kind: name }))
      after = page.length < size ? undefined : page.at(-1)?.id
    } while (after !== undefined)
  }
}

/**
 * Forgets refusals of a kind, so that what was refused is asked for again: an id of a lookup at once, anything else when a page names it.
 * @param ids all of the kind unless given
 * @returns how many were forgotten
 * @throws {Refused} `input` for a kind there is not, `missing` when none of the ids is refused
 */
export async function forgetRefusals(tx: Tx, sources: readonly Source[], kind: string, ids?: readonly Id[]): Promise<number> {
  const forgotten = await refusalsOf(sources, kind).forget(tx, ids)
  if (forgotten === 0 && ids) throw new Refused('missing', `No refusal of ${kind} ${ids.slice(0, 10).join(', ')} is kept.`, 'ids')
  return forgotten
}
