import { fromUint8Array as readBlocks } from '@atcute/car'
import { decode } from '@atcute/cbor'
import { toString as textOf } from '@atcute/cid'
import { isCommit, fromUint8Array as readEntries } from '@atcute/repo'
import { RetryLater } from '../../base/errors'
import type { Reject } from '../../contract'
import { cidOfBytes, isCidOf } from './cid'
import { type Row, readRecord } from './records'

/** The wanted records of a repo at one revision, sorted by path. */
export interface Snapshot {
  rev: string
  entries: { path: string; collection: string; rkey: string; record: Row | Reject }[]
}

/**
 * Reads a repo from its CAR: https://atproto.com/specs/repository
 * @throws {RetryLater} `bad_car` when it is cut, belongs to another account, or lacks a block; a record whose bytes are not its own is a reject
 */
export function readCar(bytes: Uint8Array, did: string, wanted: ReadonlySet<string>): Snapshot {
  try {
    return read(bytes, did, wanted)
  } catch (error) {
    if (!(error instanceof Error) || error instanceof RetryLater) throw error
    throw new RetryLater('bad_car', `the repo of ${did} cannot be read: ${error.message}`, undefined, { cause: error })
  }
}

function read(bytes: Uint8Array, did: string, wanted: ReadonlySet<string>): Snapshot {
  const car = readBlocks(bytes)
  const root = car.roots[0]?.$link
  const broken = new Set<string>()
  let rev: string | undefined
  for (const block of car) {
    if (!isCidOf(block.cid, block.bytes)) broken.add(textOf(block.cid))
    if (rev !== undefined || textOf(block.cid) !== root) continue
    const commit = decode(block.bytes)
    if (!isCommit(commit) || commit.did !== did) throw new RetryLater('bad_car', `the host sent another repo for ${did}`)
    rev = commit.rev
  }
  if (rev === undefined) throw new RetryLater('bad_car', `the repo of ${did} has no commit`)
  const entries: Snapshot['entries'] = []
  const named = new Set<string>()
  for (const { collection, rkey, cid: link, bytes: block } of readEntries(bytes)) {
    const cid = link.$link
    named.add(cid)
    if (!wanted.has(collection)) continue
    const record = readRecord({ did, collection, rkey, cid }, recordOf(block), () => (broken.has(cid) ? cidOfBytes(block) : cid))
    entries.push({ path: `${collection}/${rkey}`, collection, rkey, record })
  }
  const others = [...broken].filter((cid) => !named.has(cid))
  if (others.length > 0) throw new RetryLater('bad_car', `the repo of ${did} has ${others.length} blocks that do not match their CID`)
  return { rev, entries: entries.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)) }
}

/** A record whose JSON is that of the listed one; undefined for bytes that are not a record, which its CID shows as well. */
function recordOf(block: Uint8Array): unknown {
  try {
    return decode(block)
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}
