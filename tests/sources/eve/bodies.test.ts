import { Fatal, RetryLater, Throttled } from '../../../backend/base/errors'
import { eve } from '../../../backend/sources/eve'
import { readBodies } from '../../../backend/sources/eve/streams/bodies'
import { emptyCursor } from '../../../backend/sources/eve/streams/cursor'
import { bodyOf, CHARACTER, fakeIo, type Listed, listed, pagesOf, type Reply, runJob, type Upstream, zkbOf } from '../../support/eve'

const START = Date.parse('2024-06-01T12:00:00Z')
const backfill = (options: object = {}) => eve.params.parse({ characterId: CHARACTER, options })
const TIME = '2024-03-05T12:00:00Z'
const list = (count: number): Listed[] => Array.from({ length: count }, (_, n) => listed(1000 - n, TIME))
const oldForm = (one: Listed): Listed => ({ killmail_id: one.killmail_id, zkb: one.zkb })
const BODY = /^\/killmails\/(\d+)\/([^/]+)$/
const asksForBodies = (run: { asked: string[] }): string[] =>
  run.asked.filter((one) => one.startsWith('esi /killmails')).map((one) => one.slice(14))

/** ESI with these killmails; it refuses every other pair of id and hash as the real one does. */
function esiWith(all: readonly Listed[]): Upstream {
  return (path) => {
    const [, id, hash] = BODY.exec(path) ?? []
    const one = all.find((it) => String(it.killmail_id) === id && it.zkb.hash === hash)
    if (!one) return { status: 422, text: '{"error":"Invalid killmail_id and/or killmail_hash"}' }
    const { zkb: _, ...body } = one
    return { data: body }
  }
}

beforeEach(() => jest.useFakeTimers({ now: START, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] }))
afterEach(() => jest.useRealTimers())

test('the old form without bodies: each comes from ESI once, and no page is asked for again', async () => {
  const all = list(7)
  const run = await runJob(backfill(), { zkillboard: pagesOf(() => all.map(oldForm), 5), esi: esiWith(all) })
  expect(run.stored.size).toBe(7)
  expect(run).toMatchObject({ seen: 7, rejected: [] })
  expect(asksForBodies(run)).toHaveLength(7)
  expect(run.asked.filter((one) => one.startsWith('zkillboard'))).toHaveLength(4)
})

test('in a window the old form counts what lies inside, and stops after a page before it', async () => {
  const all = Array.from({ length: 30 }, (_, n) => listed(1000 - n, new Date(START - (n + 3) * 86_400_000)))
  const run = await runJob(backfill({ fromDate: '2024-05-25' }), { zkillboard: pagesOf(() => all.map(oldForm), 3), esi: esiWith(all) })
  const inside = all.filter((one) => String(one.killmail_time) >= '2024-05-25')
  expect([...run.stored.keys()].sort()).toEqual(inside.map((one) => String(one.killmail_id)).sort())
  expect(run.seen).toBe(inside.length)
  expect(run.asked.filter((one) => one.startsWith('zkillboard')).length).toBeLessThan(8)
})

test('a wrong hash on the list: ESI is asked with it, then with the one the body has, and both are kept', async () => {
  const [good, other] = list(2) as [Listed, Listed]
  const wrong = { ...good, zkb: zkbOf('a'.repeat(40)) }
  const run = await runJob(backfill(), { zkillboard: pagesOf(() => [wrong, other], 5), esi: esiWith([good, other]) })
  expect(asksForBodies(run)).toEqual([`/1000/${'a'.repeat(40)}`, `/1000/${good.zkb.hash}`])
  expect(run.stored.get('1000')).toMatchObject({ hash: good.zkb.hash, listedHash: 'a'.repeat(40) })
})

test.each([
  ['null for a hash', (one: Listed) => ({ ...one, zkb: { ...one.zkb, hash: null } })],
  ['a number for a hash', (one: Listed) => ({ ...one, zkb: { ...one.zkb, hash: 7 } })],
  ['a blank hash', (one: Listed) => ({ ...one, zkb: { ...one.zkb, hash: ' ' } })],
  ['no hash', ({ zkb: { hash: _, ...zkb }, ...one }: Listed) => ({ ...one, zkb })],
  ['no zkb', ({ zkb: _, ...one }: Listed) => one],
  ['null for zkb', (one: Listed) => ({ ...one, zkb: null })],
  ['an empty list for zkb', (one: Listed) => ({ ...one, zkb: [] })],
  ['figures that are none', (one: Listed) => ({ ...one, zkb: { ...one.zkb, totalValue: 'much', points: 1e12, labels: [null], npc: 1 } })],
])('a whole body with %s is stored under its own hash, alone on its page too', async (_, spoil) => {
  for (const size of [1, 5]) {
    const all = list(2)
    const shown = [spoil(all[0] as Listed) as Listed, ...all.slice(1)]
    const run = await runJob(backfill(), { zkillboard: pagesOf(() => shown, size), esi: () => new Error('ESI is not asked') })
    expect(run).toMatchObject({ seen: 2, rejected: [], retries: [], failed: [] })
    expect(run.stored.get('1000')).toMatchObject({ hash: all[0]?.zkb.hash, listedHash: null })
  }
})

test.each([
  ['no body and a hash ESI never accepts', (one: Listed) => ({ ...oldForm(one), zkb: zkbOf('b'.repeat(40)) }), 'not_on_esi', 2],
  ['a body whose hash ESI never accepts', (one: Listed) => ({ ...one, zkb: zkbOf('b'.repeat(40)) }), 'hash_mismatch', 2],
  ['a body that breaks the schema', (one: Listed) => ({ ...one, attackers: 'none', zkb: zkbOf('b'.repeat(40)) }), 'schema', 2],
  ['one made by hand', (one: Listed) => ({ ...one, zkb: zkbOf('CCP VERIFIED') }), 'ccp_verified', 0],
])('%s is rejected with its reason, and the others go on', async (_, spoil, reason, asks) => {
  const all = list(4)
  const run = await runJob(backfill(), {
    zkillboard: pagesOf(() => [spoil(all[0] as Listed) as Listed, ...all.slice(1)], 5),
    esi: esiWith([]),
  })
  expect(run.rejected).toMatchObject([{ key: '1000', reason, raw: { killmail_id: 1000 } }])
  expect(run.stored.size).toBe(3)
  expect(run.seen).toBe(4)
  expect(asksForBodies(run)).toHaveLength(asks)
})

test('what ESI refused is not asked for by the next walk, and is named again', async () => {
  const all = list(3)
  const listing = [{ ...oldForm(all[0] as Listed), zkb: zkbOf('b'.repeat(40)) }, ...all.slice(1)]
  const held = new Set<string>()
  await runJob(backfill(), { zkillboard: pagesOf(() => listing, 5), esi: esiWith([]) }, { held })
  const second = await runJob(backfill(), { zkillboard: pagesOf(() => listing, 5), esi: esiWith([]) }, { held })
  expect(asksForBodies(second)).toEqual([])
  expect(second).toMatchObject({ seen: 3, known: 2, rejected: [{ key: '1000', reason: 'not_on_esi' }] })
  const third = await runJob(backfill({ skipExisting: false }), { zkillboard: pagesOf(() => listing, 5), esi: esiWith([]) }, { held })
  expect(asksForBodies(third)).toHaveLength(2)
})

test('a body that ESI refused once under load is taken at the second request, a minute later', async () => {
  const all = list(3)
  const at: number[] = []
  const esi: Upstream = (path, request) => {
    if (path.startsWith('/killmails/1000/') && at.push(Date.now()) === 1) return esiWith([])(path, request)
    return esiWith(all)(path, request)
  }
  const run = await runJob(backfill(), { zkillboard: pagesOf(() => all.map(oldForm), 5), esi })
  expect(run.stored.size).toBe(3)
  expect((at[1] as number) - (at[0] as number)).toBeGreaterThanOrEqual(58_000)
})

test.each([
  [404, '<html>404 Not Found</html>'],
  [404, ''],
  [404, '{"error":"Route not found"}'],
  [422, '{"error":"The path /killmails/1000 is unknown"}'],
  [400, '{}'],
])('a %i with the words %j is an outage: nothing is kept as refused, and the body is stored afterwards', async (status, text) => {
  const all = list(3)
  let down = 4
  const esi: Upstream = (path, request) => (down-- > 0 ? { status, text } : esiWith(all)(path, request))
  const held = new Set<string>()
  const run = await runJob(backfill(), { zkillboard: pagesOf(() => all.map(oldForm), 5), esi }, { held })
  expect(run).toMatchObject({ rejected: [], failed: [] })
  expect(run.stored.size).toBe(3)
  expect([...held].filter((name) => name.startsWith('not_on_esi'))).toEqual([])
})

test('a body over which ESI always fails is rejected in the end, and the others are stored', async () => {
  const all = list(3)
  const esi: Upstream = (path, request) =>
    path.startsWith('/killmails/999/') ? new RetryLater('http_504', 'Timeout contacting tranquility') : esiWith(all)(path, request)
  const run = await runJob(backfill(), { zkillboard: pagesOf(() => all.map(oldForm), 5), esi })
  expect(run.rejected).toMatchObject([{ key: '999', reason: 'esi_failed', detail: expect.stringContaining('tranquility') }])
  expect([...run.stored.keys()].sort()).toEqual(['1000', '998'])
})

test('another killmail under the id that was asked for is not stored', async () => {
  const all = list(2)
  const esi: Upstream = () => ({ data: bodyOf(5, TIME) })
  const run = await runJob(backfill(), { zkillboard: pagesOf(() => all.map(oldForm), 5), esi })
  expect(run.stored.size).toBe(0)
  expect(run.rejected.map((one) => one.reason)).toEqual(['schema', 'schema'])
})

describe('a step', () => {
  const all = list(5)
  const pending = all.map((one) => ({
    id: String(one.killmail_id),
    hash: one.zkb.hash,
    zkb: one.zkb as never,
    why: 'not_on_esi' as const,
    refused: 0,
    tries: 0,
  }))
  const step = {
    key: `characterID/${CHARACTER}`,
    cursor: { ...emptyCursor(), pending },
    params: backfill(),
    source: 'eve',
    job: 'job',
    attempts: 0,
  }

  test('returns what it has when there is no more time', async () => {
    let left = 2
    const page = await readBodies(step, fakeIo({ esi: esiWith(all) }, { more: () => left-- > 0 }))
    expect(page.batch.killmails).toHaveLength(3)
    expect(page.next?.pending).toHaveLength(2)
  })
  test('keeps what it has when the gate says wait, and waits when it has nothing', async () => {
    const wait = new Throttled('esi.killmail', new Date(START + 5000))
    let asked = 0
    const page = await readBodies(
      step,
      fakeIo({ esi: (path, request): Reply | Error => (asked++ < 2 ? esiWith(all)(path, request) : wait) }),
    )
    expect(page.batch.killmails).toHaveLength(2)
    await expect(readBodies(step, fakeIo({ esi: () => wait }))).rejects.toBe(wait)
  })
  test('passes on what no retry can mend', async () => {
    await expect(readBodies(step, fakeIo({ esi: () => new Fatal('http_400', 'no') }))).rejects.toThrow(Fatal)
  })
})

test('a page with more rows than one transaction takes is read again for its rest', async () => {
  const all = Array.from({ length: 6 }, (_, n) => listed(1000 - n, TIME, { attackers: 4000 + n }))
  const run = await runJob(backfill(), { zkillboard: pagesOf(() => all, 6), esi: esiWith([]) })
  expect(run.stored.size).toBe(6)
  expect(run).toMatchObject({ seen: 6, known: 0 })
  expect(run.asked.filter((one) => one.endsWith('/page/1/'))).toHaveLength(2)
})

describe('values', () => {
  const values = eve.streams.values
  const read = (cursor: object, zkillboard: Upstream, due: string[], more?: () => boolean) => {
    const io = fakeIo({ zkillboard }, { rows: due.map((id) => ({ id })), more })
    return values?.read({ key: 'all', cursor, params: eve.params.parse({ values: true }), source: 'eve', job: 'job', attempts: 0 }, io)
  }
  const one = listed(7)

  test('are asked for one killmail after the other, after the last one', async () => {
    const page = await read({ after: '0' }, (path) => ({ data: [listed(Number(path.split('/')[2]))] }), ['7', '8'])
    expect(page).toMatchObject({ batch: [{ id: '7', zkb: { totalValue: 1000.5 } }, { id: '8' }], next: { after: '8' }, rejected: [] })
  })
  test('end when there are none left', async () => {
    expect(await read({ after: '8' }, () => ({ data: [] }), [])).toMatchObject({ batch: [], next: null, rejected: [] })
  })
  test('an empty answer is asked for once more before the killmail is rejected', async () => {
    const first = await read({ after: '0' }, () => ({ data: [] }), ['7', '8'])
    expect(first).toMatchObject({ next: { after: '0', doubt: '7' }, rejected: [] })
    const replies = [[], [listed(8)]]
    const second = await read({ after: '0', doubt: '7' }, () => ({ data: replies.shift() }), ['7', '8'])
    expect(second).toMatchObject({ next: { after: '8' }, rejected: [{ key: '7', reason: 'not_on_zkillboard' }], batch: [{ id: '8' }] })
  })
  test('stop between two killmails when there is no more time', async () => {
    expect(
      await read(
        { after: '0' },
        () => ({ data: [one] }),
        ['7', '8'],
        () => false,
      ),
    ).toMatchObject({ next: { after: '7' } })
  })
})
