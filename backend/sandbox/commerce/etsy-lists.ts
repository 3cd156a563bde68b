import { type LedgerEntry, ledgerOf } from './etsy-ledger'
import { BadQuery, choiceOf, flagOf, isAscending, timeOf } from './etsy-query'
import type { Shop, User } from './people'
import type { Product } from './products'
import type { Sale } from './sales'
import type { World } from './world'

/*
 * The whole lists that Etsy pages through, as a query filters and orders them.
 */

export interface Place {
  user: User
  shop: Shop
}

/** A longer window of the ledger is refused, seconds. */
export const MAX_LEDGER_WINDOW = 2_678_400
/** From the day a parcel is sent. */
const DELIVERY_SECONDS = 3 * 86_400
const LISTING_STATES = ['active', 'inactive', 'sold_out', 'draft', 'expired'] as const

const within = (at: number, least: number | undefined, most: number | undefined): boolean => at >= (least ?? 0) && at <= (most ?? at)
const is = (asked: boolean | undefined, value: boolean): boolean => asked === undefined || asked === value

/** @throws {BadQuery} */
export function salesFor(world: World, { user }: Place, query: URLSearchParams): Sale[] {
  const [minCreated, maxCreated] = [timeOf(query, 'min_created'), timeOf(query, 'max_created')]
  const [minChanged, maxChanged] = [timeOf(query, 'min_last_modified'), timeOf(query, 'max_last_modified')]
  const [paid, shipped, cancelled] = [flagOf(query, 'was_paid'), flagOf(query, 'was_shipped'), flagOf(query, 'was_canceled')]
  const delivered = flagOf(query, 'was_delivered')
  const arrived = world.now() - DELIVERY_SECONDS
  const sortOn = choiceOf(query, 'sort_on', ['created', 'updated', 'receipt_id'])
  const found = world
    .sales(user, 'etsy')
    .filter(
      (sale) =>
        within(sale.createdAt, minCreated, maxCreated) &&
        within(sale.updatedAt, minChanged, maxChanged) &&
        is(paid, sale.paidAt !== null) &&
        is(shipped, sale.shippedAt !== null) &&
        is(delivered, sale.shippedAt !== null && sale.shippedAt <= arrived) &&
        is(cancelled, sale.cancelledAt !== null),
    )
  if (sortOn === 'updated') found.sort((a, b) => a.updatedAt - b.updatedAt || a.id - b.id)
  return isAscending(query) ? found : found.reverse()
}

/** @throws {BadQuery} */
export function productsFor(world: World, { user }: Place, query: URLSearchParams): Product[] {
  const state = choiceOf(query, 'state', LISTING_STATES)
  const found = world.products(user).filter((product) => product.state === state)
  return isAscending(query) ? found : found.reverse()
}

/** The ledgers of the shops, kept until their sellers' sales change. */
export class Ledgers {
  private kept = new Map<number, { version: number; entries: LedgerEntry[] }>()
  constructor(private readonly world: World) {}

  /** Oldest first. */
  all(place: Place): LedgerEntry[] {
    const version = this.world.versionOf(place.user)
    const kept = this.kept.get(place.shop.id)
    if (kept?.version === version) return kept.entries
    const entries = ledgerOf(this.world, place)
    this.kept.set(place.shop.id, { version, entries })
    return entries
  }

  /** Newest first. @throws {BadQuery} */
  within(place: Place, query: URLSearchParams): LedgerEntry[] {
    const [least, most] = [timeOf(query, 'min_created'), timeOf(query, 'max_created')]
    if (least === undefined || most === undefined) throw new BadQuery('Missing required parameter: min_created and max_created')
    if (most - least > MAX_LEDGER_WINDOW)
      throw new BadQuery(`Time window between min_created and max_created must be no more than ${MAX_LEDGER_WINDOW} seconds (31 days).`)
    return this.all(place)
      .filter(({ created_timestamp: at }) => within(at, least, most))
      .reverse()
  }
}
