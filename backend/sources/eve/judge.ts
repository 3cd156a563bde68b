import { issuesOf, type Reject } from '../../contract'
import type { Entry } from './client'
import { body, hashOf, type Killmail, type Zkb } from './records'
import type { Pending } from './streams/cursor'

const HASH = /^[0-9a-f]{40}$/
/** Largest body kept with a pending killmail, characters; the cursor stays small. */
const RAW_LIMIT = 16_000

/** A listed hash without the spaces some carry; undefined when it is no hash at all. */
export function cleanHash(listed: string): string | undefined {
  const text = listed.trim().toLowerCase()
  return HASH.test(text) ? text : undefined
}

/** What is kept of the listed hash of a killmail that ESI knows by `hash`. */
export const listedUnder = ({ hash: listed }: Pick<Zkb, 'hash'>, hash: string): string | null =>
  listed === '' || listed === hash ? null : listed

export type Judgement = { killmail: Killmail } | { pending: Pending } | { reject: Reject }

/** What to do with a listed killmail: keep the body that came with it, ask ESI for one, or reject it. */
export function judge(entry: Entry): Judgement {
  const { id, zkb, raw } = entry
  if (/ccp\s*verified/i.test(zkb.hash)) {
    return {
      reject: { key: id, reason: 'ccp_verified', detail: 'made by hand at CCP: ESI does not serve it, so nothing proves its body', raw },
    }
  }
  const parsed = entry.embedded ? body.safeParse(raw) : undefined
  const computed = parsed?.success ? hashOf(parsed.data) : undefined
  // Where no hash is listed there is nothing that speaks against the body.
  if (parsed?.success && computed && (zkb.hash === '' || computed === cleanHash(zkb.hash))) {
    return { killmail: { id, hash: computed, listedHash: listedUnder(zkb, computed), body: parsed.data, zkb } }
  }
  const why = !parsed ? 'not_on_esi' : parsed.success ? 'hash_mismatch' : 'schema'
  const fault = parsed?.error && issuesOf(parsed.error)
  const pending: Pending = { id, hash: zkb.hash, computed, zkb, why, fault, refused: 0, tries: 0 }
  if (hashesOf(pending).length === 0) return { reject: rejectOf(pending, 'there is no hash to ask ESI with', raw) }
  return { pending: parsed && JSON.stringify(raw).length <= RAW_LIMIT ? { ...pending, raw } : pending }
}

/** The hashes ESI can be asked with, the listed one first. */
export function hashesOf({ hash, computed }: Pending): string[] {
  return [...new Set([cleanHash(hash), computed].filter((it): it is string => it !== undefined))]
}

/** A killmail without a provable body. */
export function rejectOf({ id, hash, zkb, why, fault, raw: kept }: Pending, detail: string, raw: unknown = kept): Reject {
  return {
    key: id,
    reason: why,
    detail: fault ? `${detail}; ${fault}` : detail,
    raw: raw ?? { killmail_id: Number(id), zkb: { ...zkb, hash } },
  }
}
