import { hash } from 'node:crypto'
import { encode } from '@atcute/cbor'
import { type Cid, CODEC_DCBOR, CODEC_RAW, fromDigest, HASH_SHA256, toString as textOf } from '@atcute/cid'
import type { Json } from '../../base/json'

/*
 * The CID of a record, from its JSON form: dag-cbor, SHA-256, CIDv1 in base32 (https://atproto.com/specs/data-model).
 */

/** The CID of a block of dag-cbor. */
export const cidOfBytes = (bytes: Uint8Array): string => textOf(fromDigest(CODEC_DCBOR, hash('sha256', bytes, 'buffer')))

/** Whether a block, of dag-cbor or of bytes that are nothing else, has this CID. */
export const isCidOf = ({ codec, digest }: Cid, bytes: Uint8Array): boolean =>
  (codec === CODEC_DCBOR || codec === CODEC_RAW) && digest.codec === HASH_SHA256 && hash('sha256', bytes, 'buffer').equals(digest.contents)

/** @throws {TypeError | RangeError} for what the data model has no place for: numbers beyond 2^53, broken links, too deep nesting */
export const cidOf = (value: Json): string => cidOfBytes(encodeRecord(value))

/** The encoder recognizes maps by their constructor, and throws for one that has a key of that name; such a map is encoded here. */
export function encodeRecord(value: Json): Uint8Array {
  try {
    return encode(value)
  } catch (error) {
    if (!(error instanceof TypeError) || !hasConstructor(value)) throw error
    return encodeMap(value)
  }
}

function encodeMap(value: Json): Uint8Array {
  if (Array.isArray(value)) return Buffer.concat([header(4, value.length), ...value.map(encodeRecord)])
  const entries = Object.entries(value as Record<string, Json>)
    .map(([key, inner]) => ({ key: encode(key), inner: encodeRecord(inner) }))
    // Canonical order is by length and then by bytes, which is that of the encoded keys.
    .sort((a, b) => Buffer.compare(a.key, b.key))
  return Buffer.concat([header(5, entries.length), ...entries.flatMap(({ key, inner }) => [key, inner])])
}

function hasConstructor(value: Json | undefined): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.hasOwn(value, 'constructor') || Object.values(value).some(hasConstructor)
}

/** Head of a CBOR list (4) or map (5): RFC 8949 section 3. */
function header(major: 4 | 5, length: number): Uint8Array {
  if (length < 24) return Uint8Array.of((major << 5) | length)
  const head = Buffer.alloc(5)
  head[0] = (major << 5) | 26
  head.writeUInt32BE(length, 1)
  return length < 0x100 ? Uint8Array.of((major << 5) | 24, length) : length < 0x10000 ? shorter(head, major) : head
}

const shorter = (head: Buffer, major: number): Uint8Array => Buffer.concat([Uint8Array.of((major << 5) | 25), head.subarray(3)])
