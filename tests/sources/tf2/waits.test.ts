import { type Tf2World, tf2World } from '../../support/tf2-world'

/* Steam gives an inventory in 10 s, backpack.tf a listing in one. */

let world: Tf2World
beforeAll(async () => {
  world = await tf2World({ buys: 4, sells: 5, speed: 3 })
}, 120_000)
afterAll(() => world?.close())

test('while Steam is waited for, backpack.tf is asked', async () => {
  const filtered = { item_defindex: 190, item_quality_id: 11, max_inventory_size: 9 }
  expect(await world.backfill(filtered)).toMatchObject({ status: 'completed', verified: true, new: 9 })
  const routes = [...world.sandbox.requests('backpacktf'), ...world.sandbox.requests('steam')]
    .sort((a, b) => a.at - b.at)
    .map(({ route }) => route)
  expect(routes.filter((route) => route === 'inventory')).toHaveLength(5)
  // Buy orders, and the listings of sellers whose inventories have been read.
  const before = routes.slice(0, routes.lastIndexOf('inventory')).filter((route) => route === 'listing')
  expect(before.length).toBeGreaterThanOrEqual(7)
  expect(world.sandbox.violations().total).toBe(0)
}, 90_000)
