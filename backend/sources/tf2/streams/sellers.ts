import { RetryLater, Throttled } from '../../../base/errors'
import type { Io } from '../../../contract'
import type { Seller, Wanted } from '../cursor'
import { sellId } from '../ids'
import { type PartInventory, readInventory } from '../inventory'
import { aliasesOf } from '../names'
import type { ItemParams } from '../params'
import { type Inventory, readInventories } from '../store'
import { type ItemPage, type ItemStep, keep } from './snapshot'

/*
 * Inventories of sellers: how many matching items each has, and which. Each is read once a request, and one that was read for
 * another request within minutes is taken from there.
 */

/** Times Steam may fail over one seller before he is given up. */
const TRIES = 3
/** How long a task waits for Steam before it gives up the sellers that are left, ms: its maintenance may last for hours. */
const PATIENCE_MS = 30 * 60_000
/** Pause before a seller is tried again, times his failures; the others are read meanwhile. */
const AGAIN_MS = 2_000
const NO_ANSWER = `Steam gave no inventory for ${PATIENCE_MS / 60_000} minutes`

/**
 * Sellers, one inventory after the other, while the moment allows it.
 * @throws {Throttled} when Steam can be asked for none of them now
 */
export async function readSellers(step: ItemStep, io: Io): Promise<ItemPage> {
  const { cursor, params, waitingSince } = step
  const listed = cursor.listed as NonNullable<typeof cursor.listed>
  const kept = await readInventories(
    io.held,
    listed.sellers.map((one) => one.steamid),
  )
  const read: Inventory[] = []
  const done: Outcome['done'] = []
  const left = [...listed.sellers]
  while (left.length > 0 && (done.length === 0 || io.more('steam'))) {
    const seller = left[0] as Seller
    const cached = kept.get(seller.steamid)
    if (cached) {
      done.push({ seller, found: cached })
      left.shift()
      continue
    }
    const next = await readOne(seller, io)
    if (next instanceof Throttled) {
      if (done.length > 0) break
      if (!waitingSince || Date.now() - waitingSince.getTime() < PATIENCE_MS) throw next
      done.push(...left.splice(0).map((one) => ({ seller: one, found: { unknown: NO_ANSWER } })))
      break
    }
    left.shift()
    if ('seller' in next) {
      left.push(next.seller)
      break
    }
    if ('items' in next && next.after !== undefined) {
      left.unshift({ ...seller, part: { items: next.items, after: next.after } })
      break
    }
    if ('items' in next) read.push({ steamid: next.steamid, items: next.items })
    done.push({ seller, found: next })
  }
  return pageOf(step, { done, left, read, params })
}

type Read = PartInventory | { unknown: string } | { seller: Seller } | Throttled

async function readOne(seller: Seller, io: Io): Promise<Read> {
  if ((seller.at ?? 0) > Date.now()) return new Throttled('steam', new Date(seller.at as number))
  try {
    return await readInventory(io, seller.steamid, seller.part && { steamid: seller.steamid, ...seller.part })
  } catch (error) {
    if (error instanceof Throttled) return error
    if (!(error instanceof RetryLater)) throw error
    io.log.warn(`the inventory of ${seller.steamid} cannot be read now: ${error.message}`, { kind: error.kind })
    const tries = seller.tries + 1
    if (tries >= TRIES) return { unknown: 'Steam fails to give the inventory' }
    return { seller: { ...seller, tries, at: Date.now() + AGAIN_MS * tries } }
  }
}

interface Outcome {
  done: { seller: Seller; found: Inventory | { unknown: string } }[]
  left: Seller[]
  read: Inventory[]
  params: ItemParams
}

/** A seller with too many matching items is skipped; one whose inventory is unknown keeps his rows. */
function pageOf({ cursor }: ItemStep, { done, left, read, params }: Outcome): ItemPage {
  const listed = cursor.listed as NonNullable<typeof cursor.listed>
  const defindexes = new Set(aliasesOf(params.item_defindex))
  const wanted: Wanted[] = [...listed.wanted]
  const counts: Record<string, number> = { inventory_scans: read.length }
  let kept = cursor.kept
  for (const { seller, found } of done) {
    const rows = seller.ids.length + seller.stale.length
    if ('unknown' in found) {
      kept = keep(kept, `${found.unknown}, so that the rows of its owner are kept`, Math.max(1, rows))
      // His listings are there all the same; only what a filter would say of him is unknown.
      continue
    }
    const matching = found.items.filter(([, defindex, quality]) => defindexes.has(defindex) && quality === params.item_quality_id)
    if (params.max_inventory_size !== undefined && matching.length > params.max_inventory_size) {
      counts.inventory_filtered = (counts.inventory_filtered ?? 0) + 1
      continue
    }
    const ids = new Set([...seller.ids, ...(seller.nameless ? matching.map(([asset]) => sellId(asset)) : [])])
    wanted.push(...[...ids].map((id) => ({ id, tries: 0 })))
    wanted.push(...seller.stale.filter((id) => !ids.has(id)).map((id) => ({ id, tries: 0, stale: true })))
  }
  return {
    batch: { statements: [], inventories: read, began: cursor.began, counts },
    next: { ...cursor, kept, listed: { ...listed, sellers: left, wanted } },
  }
}
