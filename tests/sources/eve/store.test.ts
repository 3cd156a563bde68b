import { type Db, openDb } from '../../../backend/database/db'
import { eve } from '../../../backend/sources/eve'
import { hashOf, type Killmail, zkb } from '../../../backend/sources/eve/records'
import { known, withoutValues, write } from '../../../backend/sources/eve/store'
import { ownDatabase } from '../../support/database'
import { bodyOf, zkbOf } from '../../support/eve'

let db: Db
let url: string
ownDatabase((opened, at) => {
  db = opened
  url = at
})
beforeEach(() =>
  db.tx((tx) =>
    tx.query(`truncate eve.killmails, eve.killmail_victims, eve.killmail_attackers, eve.killmail_items, eve.killmail_refusals,
  eve.characters, eve.corporations, eve.alliances, eve.types`),
  ),
)

function killmail(id: number, more: { time?: string; attackers?: number; zkb?: object; listed?: string } = {}): Killmail {
  const body = bodyOf(id, more.time ?? '2024-01-01T00:00:00Z', { attackers: more.attackers })
  const hash = hashOf(body)
  return { id: String(id), hash, listedHash: more.listed ?? null, body, zkb: zkb.parse(zkbOf(more.listed ?? hash, more.zkb)) }
}
const store = (killmails: Killmail[], again = false) => db.tx((tx) => write(tx, { killmails, refused: [], again }))
const count = async (table: string): Promise<number> =>
  Number((await db.query<{ n: bigint }>(`select count(*) as n from eve.${table}`))[0]?.n)

test('a killmail is stored with victim, attackers, items and nameless rows for who and what is in it', async () => {
  const one = killmail(1, { attackers: 3 })
  one.body.victim.items = [
    {
      item_type_id: 3296,
      flag: 5,
      singleton: 0,
      quantity_dropped: null,
      quantity_destroyed: 1,
      items: [{ item_type_id: 34, flag: 0, singleton: 2, quantity_dropped: 32, quantity_destroyed: null, items: null }],
    },
  ]
  expect(await store([one])).toEqual({ new: 1, updated: 0, unchanged: 0 })
  const [head] = await db.query<Record<string, unknown>>('select * from eve.killmails')
  expect(head).toMatchObject({
    killmail_id: 1n,
    killmail_hash: one.hash,
    listed_hash: null,
    total_value: '1000.50',
    labels: ['pvp', 'loc:highsec'],
    solo: true,
  })
  expect(await db.query('select seq, parent_seq, item_type_id, singleton, quantity_dropped from eve.killmail_items order by seq')).toEqual([
    { seq: 0, parent_seq: null, item_type_id: 3296n, singleton: 0, quantity_dropped: null },
    { seq: 1, parent_seq: 0, item_type_id: 34n, singleton: 2, quantity_dropped: 32n },
  ])
  expect(await count('killmail_attackers')).toBe(3)
  expect(await count('killmail_victims')).toBe(1)
  expect(await db.query('select character_id, name from eve.characters where character_id = 2117325769')).toEqual([
    { character_id: 2117325769n, name: null },
  ])
  expect(await db.query('select type_id from eve.types order by 1')).toEqual(
    [34n, 587n, 588n, 2881n, 3296n].map((type_id) => ({ type_id })),
  )
})

test('labels with quotes, commas and braces come back as they were', async () => {
  const labels = ['a"b', 'c,d', '{e}', 'f\\g', '', 'null']
  await store([killmail(1, { zkb: { labels } })])
  expect(await db.query('select labels from eve.killmails')).toEqual([{ labels }])
})

test('what is here stays as it is, unless it is to be written again, and only a difference counts', async () => {
  const one = killmail(1)
  await store([one, killmail(2)])
  const dearer = { ...one, zkb: { ...one.zkb, totalValue: 5 } }
  expect(await store([dearer, killmail(3)])).toEqual({ new: 1, updated: 0, unchanged: 1 })
  expect(await db.query('select total_value from eve.killmails where killmail_id = 1')).toEqual([{ total_value: '1000.50' }])
  expect(await store([one, killmail(2)], true)).toEqual({ new: 0, updated: 0, unchanged: 2 })
  expect(await store([dearer, killmail(2)], true)).toEqual({ new: 0, updated: 1, unchanged: 1 })
  expect(await db.query('select total_value from eve.killmails where killmail_id = 1')).toEqual([{ total_value: '5.00' }])
})

test('written again with fewer attackers, the others are gone', async () => {
  await store([killmail(1, { attackers: 5 })])
  expect(await store([killmail(1, { attackers: 2 })], true)).toEqual({ new: 0, updated: 1, unchanged: 0 })
  expect(await count('killmail_attackers')).toBe(2)
})

test('a killmail is known by its hash, by the listed one, and not by another', async () => {
  const one = killmail(1, { listed: 'listed hash ' })
  await store([one])
  const asked = [`1:${one.hash}`, '1:listed hash ', '1:other', `2:${one.hash}`, `old:1:${one.hash}`]
  expect(await known(db, asked)).toEqual(new Set([asked[0], asked[1], asked[4]]))
})

test('listed without a hash, one that is held is known; one that is not is not', async () => {
  await store([killmail(1)])
  expect(await known(db, ['1:', 'old:1:', '2:', 'schema:1:'])).toEqual(new Set(['1:', 'old:1:']))
})

test('listed without values once, a killmail keeps those it has', async () => {
  await store([killmail(1)])
  const bare = { ...killmail(1), zkb: zkb.parse(undefined) }
  expect(await store([bare], true)).toEqual({ new: 0, updated: 0, unchanged: 1 })
  expect(await db.query('select total_value, labels from eve.killmails')).toEqual([
    { total_value: '1000.50', labels: ['pvp', 'loc:highsec'] },
  ])
})

test('known and young is not old', async () => {
  const one = killmail(1, { time: new Date().toISOString() })
  await store([one])
  expect(await known(db, [`1:${one.hash}`, `old:1:${one.hash}`])).toEqual(new Set([`1:${one.hash}`]))
})

test('a hash that zKillboard has changed is kept, so that the next walk knows it', async () => {
  const one = killmail(1)
  await store([one])
  const relisted = { ...one, listedHash: 'f'.repeat(40) }
  expect(await store([relisted])).toEqual({ new: 0, updated: 1, unchanged: 0 })
  expect(await known(db, [`1:${'f'.repeat(40)}`])).toEqual(new Set([`1:${'f'.repeat(40)}`]))
})

test('what ESI refused is remembered for a month', async () => {
  const refused = [{ id: '5', hash: 'CCP', reason: 'not_on_esi' }]
  await db.tx((tx) => write(tx, { killmails: [], refused, again: false }))
  const name = 'not_on_esi:5:CCP'
  expect(await known(db, [name, 'schema:5:CCP'])).toEqual(new Set([name]))
  await db.query(`update eve.killmail_refusals set refused_at = now() - interval '31 days'`)
  expect(await known(db, [name])).toEqual(new Set())
})

test('two pages with the same killmails and people at once store each once', async () => {
  const list = Array.from({ length: 40 }, (_, n) => killmail(n + 1, { attackers: 20 }))
  const results = await Promise.all([store(list), store([...list].reverse()), store(list.slice(10))])
  expect(results.reduce((sum, one) => sum + one.new, 0)).toBe(40)
  expect(results.reduce((sum, one) => sum + one.updated, 0)).toBe(0)
  expect(await count('killmail_attackers')).toBe(800)
})

test('a page does not wait for somebody who changes a killmail, a character or a type it names', async () => {
  const one = killmail(1)
  await store([one])
  await db.tx(async (tx) => {
    await tx.query(`update eve.characters set name = 'held'`)
    await tx.query(`update eve.types set name = 'held'`)
    await tx.query(`update eve.killmails set points = 2`)
    const other = openDb(url)
    const result = await other.tx(async (inner) => {
      await inner.query(`set local lock_timeout = '500ms'`)
      return write(inner, { killmails: [one, killmail(2)], refused: [], again: false })
    })
    expect(result).toEqual({ new: 1, updated: 0, unchanged: 1 })
    await other.close()
  })
})

test('values are filled where they are missing, and only there', async () => {
  const none = { fittedValue: null, droppedValue: null, destroyedValue: null, totalValue: null, points: null }
  await store([killmail(1, { zkb: none }), killmail(2), killmail(3, { zkb: none })])
  expect(await withoutValues(db, '0', 20)).toEqual(['1', '3'])
  expect(await withoutValues(db, '1', 20)).toEqual(['3'])
  const block = killmail(1).zkb
  const values = eve.streams.values
  const written = await db.tx(async (tx) =>
    values?.write(tx, [
      { id: '1', zkb: block },
      { id: '2', zkb: { ...block, totalValue: 7 } },
    ]),
  )
  expect(written).toEqual({ new: 0, updated: 1, unchanged: 1 })
  expect(await db.query('select total_value, points from eve.killmails order by killmail_id')).toMatchObject([
    { total_value: '1000.50', points: 1 },
    { total_value: '1000.50' },
    { total_value: null },
  ])
})

test('details are stored, kept by an unchanged answer, and marked when there are none', async () => {
  const { corporation } = eve.lookups ?? {}
  const values = {
    name: 'Ours',
    ticker: 'OURS',
    ceo_id: 5,
    member_count: 3,
    alliance_id: 9,
    tax_rate: 0.1,
    date_founded: '2015-01-01T00:00:00Z',
  }
  const answers = {
    found: [{ id: '10', etag: '"a"', values }],
    answered: ['10'],
    missing: [{ id: '11', reason: 'unknown' }],
    lookups: { alliance: ['9'] },
  }
  await db.tx(async (tx) => corporation?.write(tx, answers))
  await db.tx(async (tx) => corporation?.write(tx, { found: [], answered: ['10'], missing: [] }))
  expect(
    await db.query(
      'select corporation_id as id, name, ticker, etag, deleted_at is not null as gone, checked_at is not null as checked from eve.corporations order by 1',
    ),
  ).toEqual([
    { id: 10n, name: 'Ours', ticker: 'OURS', etag: '"a"', gone: false, checked: true },
    { id: 11n, name: null, ticker: null, etag: null, gone: true, checked: true },
  ])
  expect(await count('alliances')).toBe(1)
})

test('a deleted character keeps its name under a tombstone, and loses the tombstone when it comes back', async () => {
  const { character } = eve.lookups ?? {}
  const found = { id: '7', name: 'Somebody', corporation: '10', alliance: null, faction: null }
  const save = (answers: object) => db.tx(async (tx) => character?.write(tx, answers as never))
  const stored = () => db.query('select name, corporation_id, deleted_at is not null as gone from eve.characters where character_id = 7')
  await save({ found: [found], answered: ['7'], missing: [] })
  await save({ found: [], answered: [], missing: [{ id: '7', reason: 'deleted' }] })
  expect(await stored()).toEqual([{ name: 'Somebody', corporation_id: 10n, gone: true }])
  await save({ found: [found], answered: ['7'], missing: [] })
  expect(await stored()).toEqual([{ name: 'Somebody', corporation_id: 10n, gone: false }])
  await save({ found: [{ ...found, corporation: '1000044' }], answered: [], missing: [{ id: '7', reason: 'deleted' }] })
  expect(await stored()).toEqual([{ name: 'Somebody', corporation_id: 1000044n, gone: true }])
})
