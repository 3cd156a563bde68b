import { mix } from '../base/random'
import { type Channel, MAX_USERS, type Shop, type User, userOf } from './people'
import { type Product, productOf } from './products'
import { MAX_ORDERS, type Sale, saleOf, totalOf, wholeLines, withRefund } from './sales'

export interface WorldOptions {
  seed: number
  /** At most `MAX_USERS`. */
  users: number
  /** Of each shop at Etsy and at Shopify, at the start. */
  ordersPerShop: number
  productsPerShop: number
  /** Where history ends, ms since 1970. */
  end: number
  /** With an order of 300 lines, 260 of them refunded. */
  oddities: boolean
  /** Ms since 1970: when changes happen. */
  clock(): number
}

/** When a change happens and whether its order shows it: seconds since 1970, by default now; quiet leaves `updatedAt` as it was. */
export interface ChangeOptions {
  at?: number
  quiet?: boolean
}

/**
 * The world that the commerce platforms show: sellers with a shop on each channel, what they offer and what they sold.
 * It is a function of the seed until it is changed; a shop's sales are made when they are first asked for.
 */
export class World {
  readonly users: User[]
  private shops = new Map<number, Sale[]>()
  private offers = new Map<number, Product[]>()
  private changes = 0
  /** The number of each seller's last change. */
  private changed = new Map<number, number>()
  private resetAt = 0

  constructor(readonly options: WorldOptions) {
    const { seed, users, ordersPerShop, end } = options
    if (users > MAX_USERS) throw new Error(`the commerce world has at most ${MAX_USERS} users`)
    if (ordersPerShop > MAX_ORDERS) throw new Error(`a shop has at most ${MAX_ORDERS} orders at the start`)
    this.users = Array.from({ length: users }, (_, number) => userOf(seed, number, end / 1000))
  }

  /** Another one after every change of the seller's orders and products, so that what is derived from them can be kept until then. */
  versionOf({ number }: User): number {
    return this.changed.get(number) ?? this.resetAt
  }

  private noteChange({ number }: User): void {
    this.changed.set(number, ++this.changes)
  }

  /** Seconds since 1970. */
  now(): number {
    return Math.floor(this.options.clock() / 1000)
  }

  /** The shop of a channel with this id, with its owner. */
  find(channel: Channel, id: number): { user: User; shop: Shop } | undefined {
    const user = this.users.find(({ shops }) => shops[channel].id === id)
    return user && { user, shop: user.shops[channel] }
  }

  /** What a seller offers, in the order of its numbers. */
  products(user: User): Product[] {
    const kept = this.offers.get(user.number)
    if (kept) return kept
    const { seed, productsPerShop } = this.options
    const made = Array.from({ length: productsPerShop }, (_, number) => productOf(seed, user, number))
    this.offers.set(user.number, made)
    return made
  }

  /** What a shop sold, oldest first: `createdAt` never falls, and the place in the list is the sale's index. */
  sales(user: User, channel: Channel): readonly Sale[] {
    return this.salesOf(user, channel)
  }

  /** @throws {Error} for an id that the shop does not have */
  sale(user: User, channel: Channel, id: number): Sale {
    const found = this.salesOf(user, channel).find((sale) => sale.id === id)
    if (!found) throw new Error(`the ${channel} shop of user ${user.number} has no order ${id}`)
    return found
  }

  private salesOf(user: User, channel: Channel): Sale[] {
    const shop = user.shops[channel]
    const kept = this.shops.get(shop.id)
    if (kept) return kept
    const { ordersPerShop, end } = this.options
    const last = Math.floor(end / 1000)
    const gap = (last - shop.createdAt) / ordersPerShop
    const made = Array.from({ length: ordersPerShop }, (_, index) => {
      const jitter = mix(this.options.seed, 941, shop.id % 1_000_000_007, index) / 4294967296
      return saleOf(this.making(user, shop), index, Math.floor(shop.createdAt + (index + jitter) * gap), last)
    })
    this.shops.set(shop.id, made)
    return made
  }

  private making(user: User, shop: Shop) {
    const { seed, oddities } = this.options
    return { seed, user, shop, products: this.products(user), oddities }
  }

  /** A new order, paid and not shipped yet. */
  add(user: User, channel: Channel, { at = this.now() }: Pick<ChangeOptions, 'at'> = {}): Sale {
    const sales = this.salesOf(user, channel)
    const createdAt = Math.max(at, sales.at(-1)?.createdAt ?? 0)
    const made = saleOf(this.making(user, user.shops[channel]), sales.length, createdAt, createdAt)
    const sale: Sale = { ...made, paidAt: createdAt, shippedAt: null, cancelledAt: null, refunds: [], updatedAt: createdAt }
    sales.push(sale)
    this.noteChange(user)
    return sale
  }

  /** Gives money back: all of it, unless `amount` says how much, then for no line. */
  refund(user: User, channel: Channel, id: number, { amount, ...options }: ChangeOptions & { amount?: number } = {}): Sale {
    return this.change(user, channel, id, options, (sale, at) =>
      withRefund(sale, amount === undefined ? { at, amount: totalOf(sale), lines: wholeLines(sale) } : { at, amount, lines: [] }),
    )
  }

  cancel(user: User, channel: Channel, id: number, options: ChangeOptions = {}): Sale {
    return this.change(user, channel, id, options, (sale, at) => ({ ...sale, cancelledAt: at, shippedAt: null }))
  }

  /** What else may change: shipping, tax, lines, when it was paid or shipped. */
  edit(user: User, channel: Channel, id: number, edit: Partial<Omit<Sale, 'id' | 'index'>>, options: ChangeOptions = {}): Sale {
    return this.change(user, channel, id, options, (sale) => ({ ...sale, ...edit }))
  }

  private change(user: User, channel: Channel, id: number, options: ChangeOptions, change: (sale: Sale, at: number) => Sale): Sale {
    const { at = this.now(), quiet = false } = options
    const before = this.sale(user, channel, id)
    const after = { ...change(before, at), updatedAt: quiet ? before.updatedAt : Math.max(before.updatedAt, at) }
    this.salesOf(user, channel)[before.index] = after
    this.noteChange(user)
    return after
  }

  /** Another state, title or price. @throws {Error} for a product that the seller does not have */
  editProduct(user: User, number: number, edit: Partial<Omit<Product, 'id' | 'number'>>): Product {
    const before = this.products(user)[number]
    if (!before) throw new Error(`user ${user.number} has no product ${number}`)
    const after = { ...before, updatedAt: this.now(), ...edit }
    this.products(user)[number] = after
    this.noteChange(user)
    return after
  }

  /** As at the start. */
  reset(): void {
    this.shops.clear()
    this.offers.clear()
    this.changed.clear()
    this.resetAt = ++this.changes
  }
}
