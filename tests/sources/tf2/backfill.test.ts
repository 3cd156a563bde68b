import * as jobs from '../../../backend/engine/jobs/verbs'
import type { Offer } from '../../../backend/sandbox/tf2/market'
import { buyId } from '../../../backend/sources/tf2/ids'
import { type Tf2World, tf2World } from '../../support/tf2-world'
import { until } from '../../support/until'

/* The four handlers against the sandbox, and what backpack.tf and Steam are known to answer. */

const BAT = { item_defindex: 190, item_quality_id: 11 }
const NAME = 'Strange Bat'
let world: Tf2World
beforeAll(async () => {
  world = await tf2World()
}, 120_000)
afterAll(() => world?.close())
beforeEach(() => world.fresh())

/** Ends a listing without a word and makes its row old enough to be missed. */
async function forget(ids: readonly string[]): Promise<void> {
  for (const id of ids) world.market.remove(id, { silent: true })
  await world.suite.db.query(`update tf2.listings set observed_at = now() - interval '1 hour'`)
}

describe('FULL', () => {
  test('a new item: its name is built, every listing is read, written and told', async () => {
    expect(await world.backfill(BAT)).toMatchObject({ status: 'completed', verified: true, new: 9 })
    expect(world.calls()).toEqual({ snapshot: 1, listing: 9, inventory: 0 })
    expect(await world.live()).toEqual(world.listed(NAME))
    expect(await world.events()).toEqual({ 'tf2.listing-update': world.listed(NAME) })
  })

  test('a second time: rows that equal the snapshot cost no request and no event', async () => {
    await world.backfill(BAT)
    world.calls()
    await world.events()
    const [before] = await world.suite.db.query<{ at: bigint }>('select max(updated_at) as at from tf2.listings')
    expect(await world.backfill(BAT)).toMatchObject({ verified: true, new: 0, updated: 0, unchanged: 0, known: 9 })
    expect(world.calls()).toEqual({ snapshot: 1, listing: 0, inventory: 0 })
    expect(await world.events()).toEqual({})
    expect(await world.suite.db.query('select max(updated_at) as at from tf2.listings')).toEqual([before])
  })

  test('verify_all asks for every listing all the same', async () => {
    await world.backfill(BAT)
    world.calls()
    expect(await world.backfill({ ...BAT, verify_all: true })).toMatchObject({ verified: true, unchanged: 9 })
    expect(world.calls()).toEqual({ snapshot: 1, listing: 9, inventory: 0 })
  })

  test('what changed is asked for alone; what is gone is confirmed, deleted and told', async () => {
    await world.backfill(BAT)
    const [changed, gone] = world.listed(NAME, 'sell')
    await world.events()
    world.calls()
    await forget([gone as string])
    world.market.edit(changed as string, { currencies: { keys: 12.5 } })
    expect(await world.backfill(BAT)).toMatchObject({ verified: true, updated: 1, deleted: 1 })
    expect(world.calls()).toEqual({ snapshot: 1, listing: 2, inventory: 0 })
    expect(await world.events()).toEqual({ 'tf2.listing-update': [changed], 'tf2.listing-delete': [gone] })
    expect(await world.suite.db.query('select keys::float8::text as keys from tf2.listings where id = $1', [changed])).toEqual([
      { keys: '12.5' },
    ])
  })

  test('numbers that share a name find the same item', async () => {
    await world.backfill({ item_defindex: 0, item_quality_id: 11 })
    expect(await world.live()).toEqual(world.listed(NAME))
    world.calls()
    expect(await world.backfill(BAT)).toMatchObject({ known: 9 })
    expect(world.calls()).toMatchObject({ snapshot: 1, listing: 0 })
  })

  test('rows held under another number of the item are refreshed by their name', async () => {
    await world.backfill({ item_defindex: 2093, item_quality_id: 6 })
    expect(await world.live()).toEqual(world.listed('Name Tag'))
    world.calls()
    expect(await world.backfill({ item_defindex: 5020, item_quality_id: 6 })).toMatchObject({ known: 9 })
    expect(world.calls()).toEqual({ snapshot: 1, listing: 0, inventory: 0 })
  })

  test('an Unusual: a snapshot for each effect that is held, and ids of the display name', async () => {
    const names = ['Burning Flames', 'Scorching Flames'].map((effect) => `${effect} Horseless Headless Horsemann's Headtaker`)
    for (const item_name of names) await world.backfill({ item_name })
    world.calls()
    expect(await world.backfill({ item_defindex: 266, item_quality_id: 5 })).toMatchObject({ verified: true, known: 18 })
    expect(world.calls()).toEqual({ snapshot: 2, listing: 0, inventory: 0 })
    const [row] = await world.suite.db.query<{ id: string; steamid: string; item_name: string; market_name: string }>(
      `select id, steamid, item_name, market_name from tf2.listings where intent = 'buy' order by id limit 1`,
    )
    expect(row?.id).toBe(buyId(row?.steamid as string, row?.item_name as string))
    expect(row?.market_name).toBe("Unusual Horseless Headless Horsemann's Headtaker")
  })

  test('items that cannot be crafted with have a name of their own, and it decides', async () => {
    const item_name = 'Non-Craftable Name Tag'
    await world.backfill({ item_name })
    expect(await world.live()).toEqual(world.listed(item_name))
    expect(await world.suite.db.query('select distinct item_craftable from tf2.listings')).toEqual([{ item_craftable: false }])
    world.calls()
    // The numbers stand for both names.
    expect(await world.backfill({ item_defindex: 5020, item_quality_id: 6 })).toMatchObject({ verified: true, known: 9, new: 9 })
    expect(world.calls()).toEqual({ snapshot: 2, listing: 9, inventory: 0 })
    expect(await world.live()).toEqual([...world.listed(item_name), ...world.listed('Name Tag')].sort())
  })

  test('an item that the game does not have fails in one sentence', async () => {
    const report = await world.backfill({ item_defindex: 9_999_999, item_quality_id: 6 })
    expect(report).toMatchObject({ status: 'failed' })
    expect(report.failures[0]?.error).toContain('Team Fortress 2 has no item 9999999 of quality 6')
  })
})

describe('one seller', () => {
  test('who has several copies and lists some of them: each listing is found, the inventory is read once', async () => {
    const { steamid, item } = world.market.listed(NAME)[0] as Offer
    world.market.add(NAME, 'sell', { steamid })
    world.market.give(steamid, item)
    world.sandbox.fault({ name: 'no-asset-ids' })
    expect(await world.backfill({ ...BAT, request_type: 'SELL_ONLY' })).toMatchObject({ verified: true, new: 6, deleted: 0 })
    expect(world.calls()).toEqual({ snapshot: 1, listing: 7, inventory: 5 })
    expect(await world.live()).toEqual(world.listed(NAME, 'sell'))
    expect(await world.events()).toEqual({ 'tf2.listing-update': world.listed(NAME, 'sell') })
  })

  test('who buys and sells the same item: one order may go, the other stays', async () => {
    const { steamid, id: sell } = world.market.listed(NAME)[0] as Offer
    const { id: buy } = world.market.add(NAME, 'buy', { steamid })
    expect(await world.backfill(BAT)).toMatchObject({ verified: true, new: 10 })
    await forget([buy])
    expect(await world.backfill(BAT)).toMatchObject({ verified: true, deleted: 1 })
    expect(await world.live()).toContain(sell)
    expect(await world.live()).toEqual(world.listed(NAME))
  })
})

describe('one side', () => {
  test('BUY_ONLY never touches sell orders', async () => {
    await world.backfill(BAT)
    const [sell] = world.listed(NAME, 'sell')
    const [buy] = world.listed(NAME, 'buy')
    await forget([sell as string, buy as string])
    world.calls()
    expect(await world.backfill({ ...BAT, request_type: 'BUY_ONLY' })).toMatchObject({ verified: true, deleted: 1 })
    expect(world.calls()).toEqual({ snapshot: 1, listing: 1, inventory: 0 })
    expect(await world.live()).toContain(sell)
    expect(await world.live()).not.toContain(buy)
  })

  test('SELL_ONLY never touches buy orders', async () => {
    await world.backfill({ ...BAT, request_type: 'SELL_ONLY' })
    expect(await world.live()).toEqual(world.listed(NAME, 'sell'))
    expect(world.calls()).toEqual({ snapshot: 1, listing: 5, inventory: 0 })
  })

  test('two items one after the other: each its own names and rows', async () => {
    await world.backfill({ ...BAT, request_type: 'BUY_ONLY' })
    await world.backfill({ item_defindex: 1012, item_quality_id: 6, request_type: 'BUY_ONLY' })
    expect(await world.live()).toEqual([...world.listed(NAME, 'buy'), ...world.listed('The Wilson Weave', 'buy')].sort())
  })

  test('sell orders whose item is not named are found in the inventories of their sellers', async () => {
    world.sandbox.fault({ name: 'no-asset-ids' })
    expect(await world.backfill({ ...BAT, request_type: 'SELL_ONLY' })).toMatchObject({ verified: true, new: 5 })
    expect(await world.live()).toEqual(world.listed(NAME, 'sell'))
    expect(world.calls()).toEqual({ snapshot: 1, listing: 5, inventory: 5 })
    // Within minutes the inventories need not be read again.
    await world.backfill({ ...BAT, request_type: 'SELL_ONLY' })
    expect(world.calls()).toMatchObject({ inventory: 0 })
  })
})

describe('SINGLE_ID', () => {
  test('one request: the row follows what backpack.tf says', async () => {
    const [id] = world.listed(NAME, 'sell')
    expect(await world.backfill({ listing_id: id })).toMatchObject({ verified: true, new: 1 })
    expect(world.calls()).toEqual({ snapshot: 0, listing: 1, inventory: 0 })
    expect(await world.live()).toEqual([id])
  })

  test('a 404 is one event with a row, and none without', async () => {
    const [id] = world.listed(NAME, 'sell')
    await world.backfill({ listing_id: id })
    await world.events()
    await forget([id as string])
    expect(await world.backfill({ listing_id: id })).toMatchObject({ verified: true, deleted: 1 })
    expect(await world.events()).toEqual({ 'tf2.listing-delete': [id] })
    expect(await world.backfill({ listing_id: id })).toMatchObject({ verified: true, deleted: 0 })
    expect(await world.backfill({ listing_id: '440_1' })).toMatchObject({ verified: true, deleted: 0 })
    expect(await world.events()).toEqual({})
  })

  test('403 says nothing: the row is kept and the report is not verified', async () => {
    const [id] = world.listed(NAME, 'sell')
    await world.backfill({ listing_id: id })
    world.sandbox.fault({ name: 'hidden-listing' })
    expect(await world.backfill({ listing_id: id })).toMatchObject({ status: 'completed', verified: false, deleted: 0 })
    expect(await world.live()).toEqual([id])
  })

  test('another listing than the one that was asked for is rejected', async () => {
    const [id, other] = world.listed(NAME, 'sell')
    world.sandbox.fault({ name: 'other-listing', id: other })
    expect(await world.backfill({ listing_id: id })).toMatchObject({ rejected: 1, new: 0 })
    expect(await world.live()).toEqual([])
  })
})

describe('what proves nothing deletes nothing', () => {
  test.each(['missing', 'null', 'empty'])('listings that are %s', async (form) => {
    await world.backfill(BAT)
    await forget(world.listed(NAME))
    world.sandbox.fault({ name: 'no-listings', form })
    const report = await world.backfill(BAT)
    expect(report).toMatchObject({ status: 'completed', verified: false, deleted: 0 })
    expect(report.reason).toContain('backpack.tf lists nothing under this name')
    expect(await world.live()).toHaveLength(9)
  })

  test.each([
    ['of another item', { name: 'other-sku' }, 'is of another item'],
    ['without a date', { name: 'no-date' }, 'does not say when it was made'],
    ['seven hours old', { name: 'snapshot-age', seconds: 25_200 }, 'is 7 hours old'],
    ['of the future', { name: 'snapshot-age', seconds: -600 }, 'was made in the future'],
  ])('a snapshot %s is an error', async (_, fault, sentence) => {
    await world.backfill(BAT)
    await forget(world.listed(NAME))
    world.sandbox.fault(fault)
    const report = await world.backfill(BAT)
    expect(report).toMatchObject({ status: 'partial', deleted: 0 })
    expect(report.failures[0]?.error).toContain(sentence)
    expect(await world.live()).toHaveLength(9)
  })

  test('rows that the snapshot leaves out are confirmed one by one: 404 deletes, 200 updates, an error keeps', async () => {
    await world.backfill(BAT)
    const [gone, changed, failing] = world.listed(NAME, 'sell') as [string, string, string]
    await forget([gone])
    world.market.edit(changed, { details: 'new text' })
    // The snapshot shows none of the sell orders; those that are asked for answer for themselves.
    world.sandbox.fault({ name: 'capped-snapshot', count: 2 })
    world.sandbox.fault({ name: 'status', status: 503, match: `listings/${failing}` })
    world.calls()
    const report = await world.backfill({ ...BAT, request_type: 'SELL_ONLY' })
    expect(report).toMatchObject({ status: 'completed', deleted: 1 })
    expect(await world.live()).not.toContain(gone)
    expect(await world.live()).toContain(failing)
    expect(report.verified).toBe(false)
  }, 90_000)

  const page = { headers: { 'content-type': 'text/html' }, body: '<html><title>One moment</title></html>' }

  test('a web page with status 200 in place of the snapshot is an error', async () => {
    await world.backfill(BAT)
    await forget(world.listed(NAME))
    world.sandbox.fault({ name: 'status', status: 200, match: 'snapshot', ...page })
    const report = await world.backfill(BAT)
    expect(report).toMatchObject({ status: 'partial', deleted: 0 })
    expect(report.failures[0]?.error).toContain('answered 200 with a web page instead of data')
    expect(await world.live()).toHaveLength(9)
  })

  test('a web page with status 404 is not an answer of backpack.tf: the row is kept', async () => {
    await world.backfill(BAT)
    const [lost] = world.listed(NAME, 'sell') as [string]
    await forget([lost])
    world.sandbox.fault({ name: 'status', status: 404, match: `listings/${lost}`, ...page })
    expect(await world.backfill(BAT)).toMatchObject({ status: 'completed', verified: false, deleted: 0 })
    expect(await world.live()).toContain(lost)
  }, 60_000)

  test('a 404 in the middle: the rest is written', async () => {
    const [lost] = world.listed(NAME, 'buy') as [string]
    world.sandbox.fault({ name: 'status', status: 404, body: '{"message":"Not found"}', match: `listings/${lost}` })
    expect(await world.backfill(BAT)).toMatchObject({ status: 'completed', verified: true, new: 8 })
  })

  test('a bad listing is a reject, and the others are written', async () => {
    world.sandbox.fault({ name: 'bad-listing', entry: 1 })
    expect(await world.backfill(BAT)).toMatchObject({ rejected: 1, new: 8 })
  })
})

describe('max_inventory_size', () => {
  const FILTERED = { ...BAT, request_type: 'SELL_ONLY', max_inventory_size: 2 }
  const collector = () => {
    const [offer] = world.market.listed(NAME)
    if (!offer) throw new Error('nothing is listed')
    return offer
  }

  test('a seller with more matching items is skipped and his rows stay; with as many he is not', async () => {
    await world.backfill(BAT)
    const { steamid, id, item } = collector()
    world.market.give(steamid, item)
    expect(await world.backfill({ ...FILTERED, verify_all: true })).toMatchObject({ verified: true, unchanged: 5 })
    world.market.give(steamid, item)
    await world.suite.db.query('truncate tf2.inventories')
    await forget([id])
    world.calls()
    expect(await world.backfill({ ...FILTERED, verify_all: true })).toMatchObject({ unchanged: 4, deleted: 0 })
    expect(world.calls()).toEqual({ snapshot: 1, listing: 4, inventory: 5 })
    expect(await world.live()).toContain(id)
  })

  test.each([
    ['private', { name: 'private-inventory' }],
    ['failing', { name: 'broken-inventory' }],
    ['incomplete', { name: 'partial-inventory' }],
  ])(
    'a seller whose inventory is %s is unknown: his rows stay and the others go on',
    async (_, fault) => {
      await world.backfill(BAT)
      const { steamid, id } = collector()
      await forget([id])
      world.sandbox.fault({ ...fault, match: steamid })
      const report = await world.backfill(FILTERED)
      expect(report).toMatchObject({ status: 'completed', verified: false, deleted: 0 })
      expect(await world.live()).toContain(id)
    },
    90_000,
  )

  test('Steam that refuses throughout: the sellers are given up after half an hour, their rows stay, and the job ends', async () => {
    await world.backfill(BAT)
    await forget(world.listed(NAME, 'sell'))
    world.sandbox.fault({ name: 'no-asset-ids' })
    world.market.add(NAME, 'sell')
    world.sandbox.fault({ name: 'steam-429', seconds: 2 })
    world.calls()
    const job = await world.start(FILTERED)
    const { db } = world.suite
    const waits = `waiting_since is not null and job_id = $1`
    await until(async () => (await db.query(`select 1 from backhaul.tasks where ${waits}`, [job])).length === 1, { what: 'the wait' })
    await db.query(`update backhaul.tasks set waiting_since = now() - interval '29 minutes' where ${waits}`, [job])
    await until(async () => (world.sandbox.traffic().steam?.total ?? 0) > 1, { what: 'another refusal', timeoutMs: 30_000 })
    expect(await world.suite.status(job)).toBe('running')
    await db.query(`update backhaul.tasks set waiting_since = now() - interval '31 minutes' where ${waits}`, [job])
    expect(await world.suite.ended(job, 30_000)).toBe('completed')
    const report = await jobs.report(world.suite, job)
    expect(report).toMatchObject({ verified: false, deleted: 0 })
    expect(report.reason).toContain('Steam gave no inventory for 30 minutes')
    expect(await world.live()).toHaveLength(9)
  }, 90_000)
})

test('a refused token (401) opens the breaker with one sentence', async () => {
  world.sandbox.fault({ name: 'backpack-401' })
  const job = await world.start(BAT)
  const { db } = world.suite
  const failed = () => db.query<{ error: string }>('select error from backhaul.tasks where job_id = $1 and error is not null', [job])
  const [task] = await until(async () => ((await failed()).length > 0 ? await failed() : undefined), { what: 'the error' })
  expect(task?.error).toBe(
    'backpack.tf refuses the token (401): set BACKPACK_TF_TOKEN to the access token of your account and restart the workers',
  )
  const [gate] = await db.query<{ reason: string; minutes: number }>(
    `select blocked_reason as reason, (extract(epoch from blocked_until - now()) / 60)::float8 as minutes from backhaul.gates where name = 'backpacktf'`,
  )
  expect(gate).toMatchObject({ reason: 'the token is refused (401)' })
  expect(gate?.minutes).toBeGreaterThan(13)
  expect(world.calls()).toEqual({ snapshot: 1, listing: 0, inventory: 0 })
  await jobs.cancel(world.suite, job)
})

describe('limits', () => {
  test.each(['text', 'field', 'header', 'epoch', 'html'])(
    'a 429 that says its wait as %s is heeded, and uses no attempt',
    async (form) => {
      // As often as a task may fail.
      world.sandbox.fault({ name: 'backpack-429', form, seconds: 1, times: 2 })
      expect(await world.backfill(BAT)).toMatchObject({ status: 'completed', verified: true, new: 9 })
      expect(world.sandbox.violations().total).toBe(0)
    },
    60_000,
  )

  test('the limits of backpack.tf and Steam are kept', async () => {
    await Promise.all(
      [BAT, { item_defindex: 5021, item_quality_id: 6, max_inventory_size: 5 }, { item_defindex: 1012, item_quality_id: 6 }].map((one) =>
        world.backfill(one),
      ),
    )
    expect(world.sandbox.violations()).toMatchObject({ total: 0 })
  }, 90_000)
})
