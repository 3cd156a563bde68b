import { encode } from '@atcute/cbor'
import * as CID from '@atcute/cid'
import type { Odd } from './shapes'

const DAG_CBOR = 0x71
const RAW = 0x55
const ARRAY = 4
const MAP = 5

/** The first bytes of a list or map of so many entries (below 256). */
const head = (kind: number, size: number): Uint8Array => Uint8Array.of(...(size < 24 ? [(kind << 5) | size] : [(kind << 5) | 24, size]))

/** The encoder takes a map with a key of its own called `constructor` for no map. */
const stumbles = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && (Object.hasOwn(value, 'constructor') || Object.values(value).some(stumbles))

/** Shorter keys first, then by their bytes; the keys here are ASCII. */
const byKey = ([a]: [string, unknown], [b]: [string, unknown]): number => a.length - b.length || (a < b ? -1 : 1)

function withConstructors(value: unknown): Uint8Array {
  if (!stumbles(value)) return encode(value)
  if (Array.isArray(value)) return Buffer.concat([head(ARRAY, value.length), ...value.map(withConstructors)])
  const entries = Object.entries(value as object).sort(byKey)
  return Buffer.concat([head(MAP, entries.length), ...entries.flatMap(([key, inner]) => [encode(key), withConstructors(inner)])])
}

/** A record as DAG-CBOR. */
export const encodeRecord = (value: unknown, odd?: Odd): Uint8Array => (odd === 'constructor' ? withConstructors(value) : encode(value))

export const cidOf = (bytes: Uint8Array): Promise<CID.Cid> => CID.create(DAG_CBOR, bytes)

/** The link to some file that nobody has. @param digest 32 bytes */
export const blobLink = (digest: Uint8Array): string => CID.toString(CID.fromDigest(RAW, digest))
