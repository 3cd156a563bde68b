import { writeCarStream } from '@atcute/car'
import { encode, toBytes } from '@atcute/cbor'
import * as CID from '@atcute/cid'
import { dice, mix } from '../base/random'
import { cidOf } from './encoding'
import { Recent } from './recent'
import { breathe, recordOf } from './records'
import type { Register } from './register'
import { type Block, type Leaf, treeOf } from './tree'

/** Bytes of archives and number of heads kept at hand. */
const ARCHIVE_BYTES = 48_000_000
const HEADS = 50_000

export interface Head {
  /** Of the commit. */
  cid: string
  rev: string
}
export interface Variant {
  /** The commit names this one instead. */
  did?: string
  /** A record's block holds something else than its CID says. */
  badBlock?: boolean
}

/** Whole repos as CAR files, and their commits. */
export class Archive {
  private readonly heads = new Recent<Head>(HEADS)
  private readonly files = new Recent<Uint8Array>(ARCHIVE_BYTES)
  constructor(private readonly register: Register) {}

  async headOf(k: number): Promise<Head> {
    const key = this.register.stampOf(k)
    return this.heads.get(key) ?? this.heads.set(key, (await this.assemble(k, {})).head)
  }

  async fileOf(k: number): Promise<Uint8Array> {
    const key = this.register.stampOf(k)
    const found = this.files.get(key)
    if (found) return found
    const file = await this.variantOf(k, {})
    return this.files.set(key, file, file.length)
  }

  /** A file with something wrong about it. */
  async variantOf(k: number, variant: Variant): Promise<Uint8Array> {
    const { head, blocks } = await this.assemble(k, variant)
    return write(head.cid, blocks)
  }

  /** What is left to say when the client has this revision already. */
  async emptyOf(k: number): Promise<Uint8Array> {
    return write((await this.headOf(k)).cid, [])
  }

  private async assemble(k: number, { did, badBlock }: Variant): Promise<{ head: Head; blocks: Block[] }> {
    const { register } = this
    const records = new Map<string, Block>()
    const leaves: Leaf[] = []
    for (const collection of register.collectionsOf(k))
      for (const entry of register.entriesOf(k, collection)) {
        const { cid, bytes } = await recordOf(register, k, collection, entry)
        records.set(cid, { cid, bytes })
        leaves.push({ key: `${collection}/${entry.rkey}`, value: { $link: cid } })
        await breathe(leaves.length)
      }
    leaves.sort((a, b) => (a.key < b.key ? -1 : 1))
    const nodes = await treeOf(leaves)
    const rev = register.revOf(k)
    const roll = dice(mix(register.world.options.seed, 60, k))
    const commit = encode({
      did: did ?? register.world.didOf(k),
      version: 3,
      data: { $link: nodes[0]?.cid },
      rev,
      prev: null,
      sig: toBytes(Uint8Array.from({ length: 64 }, () => Math.floor(roll() * 256))),
    })
    const cid = CID.toString(await cidOf(commit))
    const blocks = [...records.values()]
    const last = blocks.pop()
    if (last) blocks.push(badBlock ? { ...last, bytes: encode({ $type: 'app.sandbox.swapped' }) } : last)
    return { head: { cid, rev }, blocks: [{ cid, bytes: commit }, ...nodes, ...blocks] }
  }

  reset(): void {
    this.heads.clear()
    this.files.clear()
  }
}

async function write(root: string, blocks: Block[]): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  const entries = blocks.map(({ cid, bytes }) => ({ cid: CID.fromString(cid).bytes, data: bytes }))
  for await (const part of writeCarStream([{ $link: root }], entries)) parts.push(part)
  return Buffer.concat(parts)
}
