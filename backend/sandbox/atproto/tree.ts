import type { CidLink } from '@atcute/cid'
import { getKeyHeight, MSTNode } from '@atcute/mst'

export interface Leaf {
  /** `collection/rkey`. */
  key: string
  value: CidLink
}
export interface Block {
  /** As a string. */
  cid: string
  bytes: Uint8Array
}
interface Placed extends Leaf {
  height: number
}

/** A node and what hangs below it; nodes come before those below. */
async function grow(leaves: Placed[], height: number, blocks: Block[]): Promise<CidLink> {
  const place = blocks.push({ cid: '', bytes: new Uint8Array() }) - 1
  const own: Placed[] = []
  const subtrees: (CidLink | null)[] = []
  let from = 0
  for (let at = 0; at <= leaves.length; at++) {
    const leaf = leaves[at]
    if (leaf && leaf.height !== height) continue
    subtrees.push(at > from ? await grow(leaves.slice(from, at), height - 1, blocks) : null)
    if (leaf) own.push(leaf)
    from = at + 1
  }
  const node = await MSTNode.create(
    own.map(({ key }) => key),
    own.map(({ value }) => value),
    subtrees,
  )
  const cid = await node.cid()
  blocks[place] = { cid: cid.$link, bytes: await node.serialize() }
  return cid
}

/**
 * The Merkle search tree of a repo.
 * @param leaves by key, rising
 * @returns its nodes, the root first
 */
export async function treeOf(leaves: Leaf[]): Promise<Block[]> {
  const placed: Placed[] = []
  for (const leaf of leaves) placed.push({ ...leaf, height: await getKeyHeight(leaf.key) })
  const blocks: Block[] = []
  await grow(
    placed,
    placed.reduce((most, { height }) => Math.max(most, height), 0),
    blocks,
  )
  return blocks
}
