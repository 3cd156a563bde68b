import { decimalOf, exponentOf } from '../../backend/sandbox/commerce/money'
import { CHANNELS } from '../../backend/sandbox/commerce/people'
import { totalOf } from '../../backend/sandbox/commerce/sales'
import { World } from '../../backend/sandbox/commerce/world'

const NOW = Date.UTC(2026, 10, 21, 15)
const worldOf = (options: Partial<World['options']> = {}) =>
  new World({
    seed: 1,
    users: 3,
    ordersPerShop: 500,
    productsPerShop: 40,
    end: Date.UTC(2026, 5, 30),
    oddities: true,
    clock: () => NOW,
    ...options,
  })
const [first] = worldOf().users as [World['users'][number]]

test('the same seed makes the same world, another seed another one', () => {
  const of = (world: World) =>
    world.users.map((user) => [user, world.products(user), CHANNELS.map((channel) => world.sales(user, channel))])
  expect(of(worldOf())).toEqual(of(worldOf()))
  expect(worldOf({ seed: 2 }).users[0]?.id).not.toBe(first.id)
})

test('every shop has its orders, oldest first, within its life, and no id twice', () => {
  const world = worldOf()
  const ids = new Set<number>()
  for (const user of world.users)
    for (const channel of CHANNELS) {
      const sales = world.sales(user, channel)
      expect(sales).toHaveLength(500)
      for (const [index, sale] of sales.entries()) {
        expect(sale.index).toBe(index)
        expect(sale.createdAt).toBeGreaterThanOrEqual(sales[index - 1]?.createdAt ?? user.shops[channel].createdAt)
        expect(sale.updatedAt).toBeGreaterThanOrEqual(sale.createdAt)
        expect(sale.updatedAt).toBeLessThanOrEqual(Date.UTC(2026, 5, 30) / 1000)
        expect(totalOf(sale)).toBeGreaterThan(0)
        for (const { id } of [sale, ...sale.lines]) ids.add(id)
      }
      const lines = sales.reduce((sum, sale) => sum + sale.lines.length, 0)
      expect(ids.size).toBe(sales.length + lines)
      ids.clear()
    }
})

test('the history has what a history has: unpaid, cancelled, shipped, whole and part refunds, printed and not', () => {
  const sales = worldOf().sales(first, 'etsy')
  const counts = {
    unpaid: sales.filter(({ paidAt }) => paidAt === null).length,
    cancelled: sales.filter(({ cancelledAt }) => cancelledAt !== null).length,
    shipped: sales.filter(({ shippedAt }) => shippedAt !== null).length,
    whole: sales.filter((sale) => sale.refunds[0]?.amount === totalOf(sale)).length,
    part: sales.filter((sale) => sale.refunds[0] && sale.refunds[0].amount < totalOf(sale)).length,
    printed: sales.filter(({ isPrinted }) => isPrinted).length,
    severalLines: sales.filter(({ lines }) => lines.length > 1).length,
  }
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(2)
  expect(sales[7]?.lines).toHaveLength(300)
  expect(sales[7]?.refunds[0]?.lines).toHaveLength(260)
  expect(worldOf({ oddities: false }).sales(first, 'etsy')[7]?.lines.length).toBeLessThan(6)
})

test('a new order is the newest; a change shows in the time of its update unless it is quiet', () => {
  const world = worldOf()
  const added = world.add(first, 'etsy')
  expect([added.index, added.createdAt, added.paidAt]).toEqual([500, NOW / 1000, NOW / 1000])
  const before = world.sales(first, 'etsy')[20] as ReturnType<World['sale']>
  const quiet = world.refund(first, 'etsy', before.id, { amount: 100, quiet: true })
  expect([quiet.updatedAt, quiet.refunds.at(-1)]).toEqual([before.updatedAt, expect.objectContaining({ amount: 100, at: NOW / 1000 })])
  expect(world.cancel(first, 'etsy', before.id)).toMatchObject({ cancelledAt: NOW / 1000, updatedAt: NOW / 1000, shippedAt: null })
  expect(world.edit(first, 'shopify', world.sales(first, 'shopify')[3]?.id as number, { shipping: 1 })).toMatchObject({ shipping: 1 })
  const versions = () => world.users.map((user) => world.versionOf(user))
  expect(versions()).toEqual([4, 0, 0])
  world.reset()
  expect(versions()).toEqual([5, 5, 5])
  expect(world.sales(first, 'etsy')).toEqual(worldOf().sales(first, 'etsy'))
  expect(() => world.cancel(first, 'etsy', 1)).toThrow('the etsy shop of user 0 has no order 1')
})

test('money is decimal text by the exponent of its currency', () => {
  expect(['USD', 'JPY', 'KWD'].map(exponentOf)).toEqual([2, 0, 3])
  expect([decimalOf(1234, 'USD'), decimalOf(-5, 'USD'), decimalOf(1234, 'JPY'), decimalOf(1234, 'KWD')]).toEqual([
    '12.34',
    '-0.05',
    '1234',
    '1.234',
  ])
  expect(() => exponentOf('XXX')).toThrow('no currency XXX')
})
