import { mix } from '../base/random'
import type { Channel, User } from './people'
import type { Product } from './products'
import type { Sale, SaleLine } from './sales'
import type { World } from './world'

/*
 * What Printify was asked to make: for paid orders of a shop, under their id, under their label only, or by hand
 * without either. Times are seconds since 1970, money is hundredths of a US dollar.
 */

export type Link = 'id' | 'text-id' | 'label' | 'gone' | 'none'

export interface Made {
  /** 24 hexadecimal digits. */
  id: string
  /** Printify's own number in the shop. */
  number: number
  createdAt: number
  /** The order of the shop that it was made for, or which gives a manual order its lines. */
  sale: Sale
  lines: SaleLine[]
  /** How it names that order: `gone` names one that the shop does not have. */
  link: Link
  status: 'on-hold' | 'in-production' | 'fulfilled' | 'canceled'
  sentAt: number | null
  fulfilledAt: number | null
  /** The order that this one makes again. */
  reprintOf?: string
  /** The order that makes this one again. */
  reprintedBy?: string
}

const MINUTE = 60
const DAY = 86_400
const MANUAL_EVERY = 20
const REPRINT_EVERY = 25
const GONE_EVERY = 97
const LABEL_EVERY = 11

const KINDS = { made: 0, reprint: 1, manual: 2, added: 3 } as const
function idOf(seed: number, user: User, channel: Channel, kind: keyof typeof KINDS, index: number): string {
  const part = (n: number) =>
    mix(seed, 961, user.number * 2 + Number(channel === 'shopify'), KINDS[kind], index, n)
      .toString(16)
      .padStart(8, '0')
  return part(0) + part(1) + part(2)
}

function linkOf({ index }: Sale, oddities: boolean): Link {
  if (oddities && index % GONE_EVERY === GONE_EVERY - 1) return 'gone'
  if (index % LABEL_EVERY === LABEL_EVERY - 1) return 'label'
  return index % 2 === 0 ? 'id' : 'text-id'
}

/** Where an order is, as of its sale. */
function stateOf(sale: Sale): Pick<Made, 'status' | 'sentAt' | 'fulfilledAt'> {
  const paidAt = sale.paidAt as number
  if (sale.cancelledAt !== null) return { status: 'canceled', sentAt: null, fulfilledAt: null }
  const sentAt = paidAt + 2 * MINUTE
  if (sale.shippedAt !== null) return { status: 'fulfilled', sentAt, fulfilledAt: Math.max(sentAt, sale.shippedAt) }
  return sale.index % 5 === 4
    ? { status: 'on-hold', sentAt: null, fulfilledAt: null }
    : { status: 'in-production', sentAt, fulfilledAt: null }
}

/** The Printify orders of the shop for a channel. */
export class PrintifyOrders {
  private kept = new Map<string, { version: string; orders: Made[] }>()
  private added: { user: number; channel: Channel; sale: Sale; at: number }[] = []
  private removed = new Set<string>()

  constructor(private readonly world: World) {}

  /** Newest first, as Printify lists them. */
  list(user: User, channel: Channel): Made[] {
    const key = `${user.number} ${channel}`
    const version = `${this.world.versionOf(user)} ${this.added.length} ${this.removed.size}`
    const kept = this.kept.get(key)
    if (kept?.version === version) return kept.orders
    const orders = [...this.world.sales(user, channel).flatMap((sale) => this.of(user, channel, sale)), ...this.byHand(user, channel)]
      .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
      .map((order, n): Made => ({ ...order, number: n + 1 }))
      .filter(({ id }) => !this.removed.has(id))
      .reverse()
    this.kept.set(key, { version, orders })
    return orders
  }

  /** The seller orders something by hand: it has no link. @throws {Error} in a shop without printed orders */
  add(user: User, channel: Channel): Made {
    const like = this.list(user, channel)[0]
    if (!like) throw new Error(`the Printify shop of user ${user.number} for ${channel} has no order to repeat`)
    this.added.push({ user: user.number, channel, sale: like.sale, at: this.world.now() })
    return this.list(user, channel)[0] as Made
  }

  /** The seller removes an order: the list closes up. */
  remove(id: string): void {
    this.removed.add(id)
  }

  private byHand(user: User, channel: Channel): Made[] {
    const mine = this.added.filter((one) => one.user === user.number && one.channel === channel)
    return mine.map(({ sale, at }, n) => ({
      ...this.made(user, channel, sale, 'added', 'none', this.printedLines(user, sale)),
      id: idOf(this.world.options.seed, user, channel, 'added', n),
      createdAt: at,
      status: 'on-hold',
      sentAt: null,
      fulfilledAt: null,
    }))
  }

  /** Printify drops what it does not print without a word. */
  private printedLines(user: User, sale: Sale): SaleLine[] {
    const products = this.world.products(user)
    return sale.lines.filter(({ product }) => (products[product] as Product).isPrinted)
  }

  private of(user: User, channel: Channel, sale: Sale): Made[] {
    if (sale.paidAt === null || !sale.isPrinted) return []
    const lines = this.printedLines(user, sale)
    if (lines.length === 0) return []
    const link = linkOf(sale, this.world.options.oddities)
    const first = this.made(user, channel, sale, 'made', link, lines)
    const orders = [first]
    if (sale.index % REPRINT_EVERY === 3 && first.status === 'fulfilled') {
      const again = this.made(user, channel, sale, 'reprint', link, lines.slice(0, 1))
      const end = Math.floor(this.world.options.end / 1000)
      again.createdAt = Math.max(first.createdAt, Math.min(end, (first.fulfilledAt as number) + 2 * DAY))
      again.fulfilledAt = again.sentAt = again.createdAt
      again.reprintOf = first.id
      first.reprintedBy = again.id
      orders.push(again)
    }
    if (sale.index % MANUAL_EVERY === 1) orders.push(this.made(user, channel, sale, 'manual', 'none', lines))
    return orders
  }

  private made(user: User, channel: Channel, sale: Sale, kind: keyof typeof KINDS, link: Link, lines: SaleLine[]): Made {
    const id = idOf(this.world.options.seed, user, channel, kind, sale.index)
    return { id, number: 0, createdAt: sale.createdAt + MINUTE, sale, lines, link, ...stateOf(sale) }
  }

  reset(): void {
    this.added = []
    this.removed.clear()
    this.kept.clear()
  }
}
