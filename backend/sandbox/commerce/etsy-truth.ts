import { listingOf, receiptOf } from './etsy-documents'
import { paymentOf } from './etsy-ledger'
import { type Ledgers, type Place, salesFor } from './etsy-lists'
import type { User } from './people'
import type { Product } from './products'
import type { World } from './world'

/** What a complete backfill of a seller's Etsy shop holds: whole documents, oldest first. */
export class EtsyTruth {
  constructor(
    private readonly world: World,
    private readonly ledgers: Ledgers,
  ) {}

  private place(user: User): Place {
    return { user, shop: user.shops.etsy }
  }

  /** Paid ones only, unless `all`. */
  receipts(user: User, { all = false } = {}): ReturnType<typeof receiptOf>[] {
    const place = this.place(user)
    const query = new URLSearchParams({ sort_order: 'asc', ...(all ? {} : { was_paid: 'true' }) })
    return salesFor(this.world, place, query).map((sale) => receiptOf(this.world, place, sale))
  }

  listings(user: User, states: Product['state'][] = ['active']): ReturnType<typeof listingOf>[] {
    const products = this.world.products(user).filter(({ state }) => states.includes(state))
    return products.map((product) => listingOf(this.place(user), product))
  }

  ledger(user: User): ReturnType<Ledgers['all']> {
    return this.ledgers.all(this.place(user))
  }

  payments(user: User): object[] {
    return this.world.sales(user, 'etsy').flatMap((sale) => paymentOf(this.world, this.place(user), sale) ?? [])
  }
}
