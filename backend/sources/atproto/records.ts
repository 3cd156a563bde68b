import type { Json } from '../../base/json'
import type { Reject } from '../../contract'
import { cidOf } from './cid'
import type { Listed } from './client'
import { isRecordKey } from './syntax'

/** A record as it is stored. */
export interface Row {
  uri: string
  did: string
  collection: string
  rkey: string
  cid: string
  /** Its JSON, as Postgres reads it. */
  json: string
}

/** The protocol allows 1 MB of dag-cbor; JSON of it is larger by its escapes and base64. */
const MAX_BYTES = 4 * 1024 * 1024
/** Deeper than any lexicon, and shallow enough for every parser on the way. */
const MAX_DEPTH = 200
const TOO_DEEP = `it is nested deeper than ${MAX_DEPTH} levels`

export const uriOf = (did: string, collection: string, rkey: string): string => `at://${did}/${collection}/${rkey}`

/** Reasons that may be the host's fault of a moment: such a collection is read again the next time, changed or not. */
export const DOUBTFUL: ReadonlySet<string> = new Set(['cid_mismatch', 'uri'])

export const rejectOf = (key: string, reason: string, detail: string, raw: unknown): Reject => ({ key, reason, detail, raw })

/** Why a value cannot be stored, or its JSON. jsonb has no place for NUL or half a surrogate pair. */
export function storable(value: unknown): { json: string } | { fault: string } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { fault: 'it is no object' }
  if (isTooDeep(value, MAX_DEPTH)) return { fault: TOO_DEEP }
  const json = JSON.stringify(value)
  if (Buffer.byteLength(json) > MAX_BYTES) return { fault: `it has more than ${MAX_BYTES} bytes` }
  // Half a pair is written as its escape, and so is NUL; a backslash before either would be escaped itself.
  if (json.includes('\\u') && /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/.test(json))
    return { fault: 'it holds NUL or half a surrogate pair, which Postgres does not store' }
  return { json }
}

function isTooDeep(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false
  return levels === 0 || Object.values(value).some((inner) => isTooDeep(inner, levels - 1))
}

/** A record that was asked for, proved by its CID, or why it is rejected. */
export function readListed(listed: Listed, did: string, collection: string): Row | Reject {
  const prefix = uriOf(did, collection, '')
  const rkey = listed.uri.startsWith(prefix) ? listed.uri.slice(prefix.length) : ''
  if (!isRecordKey(rkey)) return rejectOf(listed.uri.slice(0, 1000), 'uri', `it is no record of ${prefix}`, listed)
  return readRecord({ did, collection, rkey, cid: listed.cid }, listed.value, () => cidOf(listed.value as Json))
}

type Place = Pick<Row, 'did' | 'collection' | 'rkey' | 'cid'>

/** @param compute the CID its bytes have */
export function readRecord({ did, collection, rkey, cid }: Place, value: unknown, compute: () => string): Row | Reject {
  const uri = uriOf(did, collection, rkey)
  const stored = storable(value)
  if ('fault' in stored && stored.fault === TOO_DEEP) return rejectOf(uri, 'unstorable', stored.fault, { cid })
  const fault = faultOfCid(cid, compute)
  if (fault !== undefined) return rejectOf(uri, 'cid_mismatch', fault, { cid, value })
  if ('fault' in stored) return rejectOf(uri, 'unstorable', stored.fault, { cid, value })
  return { uri, did, collection, rkey, cid, json: stored.json }
}

function faultOfCid(cid: string, compute: () => string): string | undefined {
  try {
    const computed = compute()
    return computed === cid ? undefined : `its CID is ${computed}, listed is ${cid}`
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError) return `it has no CID: ${error.message}`
    throw error
  }
}

export const isReject = (one: Row | Reject): one is Reject => 'reason' in one
