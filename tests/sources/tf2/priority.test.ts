import { type Tf2World, tf2World } from '../../support/tf2-world'
import { until } from '../../support/until'

/* A listing that somebody waits for goes ahead of whole items, in the middle of one. */

let world: Tf2World
beforeAll(async () => {
  world = await tf2World({ buys: 20, sells: 30, speed: 10 })
}, 120_000)
afterAll(() => world?.close())

test('SINGLE_ID during five FULLs is among the next two requests', async () => {
  const items = [
    { item_defindex: 190, item_quality_id: 11 },
    { item_defindex: 5021, item_quality_id: 6 },
    { item_defindex: 5020, item_quality_id: 6 },
    { item_defindex: 1012, item_quality_id: 6 },
    { item_defindex: 18, item_quality_id: 11 },
  ]
  for (const item of items) await world.start(item)
  const asked = () => world.sandbox.requests('backpacktf')
  const listings = () => asked().filter(({ route }) => route === 'listing').length
  await until(() => listings() > 20, { what: 'the items to be under way', timeoutMs: 60_000 })
  const id = world.listed('Strange Bat', 'sell').at(-1) as string
  // The request is ours from when its job is there; what is on its way then may still arrive.
  const job = await world.start({ listing_id: id })
  const before = asked().length
  await until(async () => ['completed', 'failed'].includes(await world.suite.status(job)), { what: 'the listing', timeoutMs: 30_000 })
  const after = asked()
    .slice(before - 1)
    .findIndex(({ path }) => path.endsWith(id))
  expect(after).toBeGreaterThanOrEqual(0)
  expect(after).toBeLessThanOrEqual(3)
}, 120_000)
