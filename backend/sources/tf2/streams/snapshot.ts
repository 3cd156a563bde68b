import type { Io, Page, Step } from '../../../contract'
import { readSnapshot } from '../client'
import { INTENTS, type ItemCursor, type Seller, type Wanted } from '../cursor'
import { intentOf } from '../ids'
import type { ItemParams } from '../params'
import { idOf, markOfShort, type ShortListing } from '../records'
import { type Batch, type Confirmed, type Held, heldOf } from '../store'
import { snapshotMoment } from '../truth'

/*
 * The first step of an item: its snapshot, beside the rows that are held. Rows that say the same are done; the others are asked
 * for, and so are rows that the snapshot does not show, since it may leave some out.
 */

export type ItemStep = Step<ItemCursor, ItemParams>
export type ItemPage = Page<ItemCursor, Batch>

/** Rows observed so shortly before the snapshot may be newer than its cached copy, seconds. */
const MARGIN_S = 60
/** Rows of one item that are asked for because the snapshot does not show them. */
const MAX_CONFIRMATIONS = 50

export const UNLISTED = 'backpack.tf lists nothing under this name, so that nothing proves them gone'
const TOO_MANY = `the snapshot leaves out more than ${MAX_CONFIRMATIONS} rows; a later run asks for the others`

/** Adds rows that stay though nothing proves them. */
export const keep = (kept: ItemCursor['kept'], reason: string, rows: number): ItemCursor['kept'] =>
  rows === 0 ? kept : { ...kept, [reason]: (kept[reason] ?? 0) + rows }

export async function readFirst({ key: name, cursor, params }: ItemStep, io: Io): Promise<ItemPage> {
  const intents: readonly string[] = INTENTS[params.request_type]
  const { createdAt, listings, rejected } = await readSnapshot(io, name)
  const held = await heldOf(io.held, name, INTENTS[params.request_type])
  const batch = { statements: [], began: cursor.began }
  if (!listings) {
    return {
      batch,
      rejected,
      next: { ...cursor, kept: keep(cursor.kept, UNLISTED, held.length), listed: { createdAt, sellers: [], wanted: [] } },
    }
  }
  const shown = listings.filter((one) => intents.includes(one.intent))
  const sorted = sortOut(shown, held, name, createdAt, params)
  return {
    batch: { ...batch, confirmed: sorted.confirmed },
    known: sorted.confirmed.length,
    rejected,
    next: {
      ...cursor,
      kept: keep(cursor.kept, TOO_MANY, sorted.left),
      listed: { createdAt, sellers: sorted.sellers, wanted: sorted.wanted },
    },
  }
}

interface Sorted {
  confirmed: Confirmed[]
  wanted: Wanted[]
  sellers: Seller[]
  /** Rows that are missing and not asked for. */
  left: number
}

/** What becomes of each listing that is shown, and of each row that is not. */
function sortOut(shown: readonly ShortListing[], held: readonly Held[], name: string, createdAt: number, params: ItemParams): Sorted {
  const rows = new Map(held.map((row) => [row.id, row]))
  const confirmed = new Map<string, Confirmed>()
  const wanted = new Map<string, Wanted>()
  const sellers = new Map<string, Seller>()
  const seen = new Set<string>()
  const sellerOf = (steamid: string): Seller => {
    const found = sellers.get(steamid) ?? { steamid, ids: [], stale: [], nameless: false, tries: 0 }
    sellers.set(steamid, found)
    return found
  }
  const isFiltered = params.max_inventory_size !== undefined
  for (const one of shown) {
    const id = idOf(one, name)
    if (id === undefined) {
      sellerOf(one.steamid).nameless = true
      continue
    }
    seen.add(id)
    const mark = markOfShort(one)
    if (!params.verify_all && rows.get(id)?.mark === mark) confirmed.set(id, { id, mark, moment: snapshotMoment(createdAt) })
    else if (one.intent === 'sell' && isFiltered) sellerOf(one.steamid).ids.push(id)
    else wanted.set(id, { id, tries: 0 })
  }
  const missing = held.filter((row) => !seen.has(row.id) && row.at < createdAt - MARGIN_S)
  const asked = missing.slice(0, MAX_CONFIRMATIONS)
  for (const { id, intent, steamid } of asked) {
    // Whether his rows may go depends on his inventory; the row may also be one that the snapshot shows without its id.
    if (intent === 'sell' && (isFiltered || sellers.get(steamid)?.nameless)) sellerOf(steamid).stale.push(id)
    else wanted.set(id, { id, tries: 0, stale: true })
  }
  return {
    confirmed: [...confirmed.values()],
    // Buy orders first, as the types of request say.
    wanted: [...wanted.values()].sort((a, b) => Number(intentOf(a.id) !== 'buy') - Number(intentOf(b.id) !== 'buy')),
    sellers: [...sellers.values()].map(once),
    left: missing.length - asked.length,
  }
}

const once = (one: Seller): Seller => ({ ...one, ids: [...new Set(one.ids)] })
