import fc from 'fast-check'
import { eve } from '../../../backend/sources/eve'
import { keptStats } from '../../../backend/sources/eve/client'
import { CHARACTER, type Listed, listed, pagesOf, parsePage, type Reply, runJob, type Upstream } from '../../support/eve'

const START = Date.parse('2024-06-01T12:00:00Z')
const HOUR = 3_600_000
const backfill = (options: object = {}) => eve.params.parse({ characterId: CHARACTER, options })
const recent = { mode: 'recent' as const, characterId: CHARACTER }
const esi: Upstream = (path) =>
  path.startsWith('/characters/') ? { data: { birthday: '2023-11-20T00:00:00Z' } } : new Error(`unexpected ${path}`)

/** `count` killmails, `hours` apart, the newest two days before the start. */
function history(count: number, hours = 7): Listed[] {
  const made = histories.get(hours) ?? []
  for (let n = made.length; n < count; n++) made.push(listed(1_000_000 - n * 10, new Date(START - 48 * HOUR - n * hours * HOUR)))
  histories.set(hours, made)
  return made.slice(0, count)
}
const histories = new Map<number, Listed[]>()
const ids = (list: readonly Listed[]): string[] => list.map((one) => String(one.killmail_id)).sort()
const storedIds = (run: { stored: Map<string, unknown> }): string[] => [...run.stored.keys()].sort()
const pages = (run: { asked: string[] }): number[] =>
  run.asked
    .filter((one) => one.startsWith('zkillboard'))
    .filter((one) => !one.includes('/stats/'))
    .map((one) => parsePage(one.slice(11)).page)

beforeEach(() => jest.useFakeTimers({ now: START, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] }))
afterEach(() => jest.useRealTimers())

beforeEach(() => keptStats.clear())

describe('a walk through all pages', () => {
  test('stores every killmail and takes two empty pages for the end', async () => {
    const all = history(11)
    const run = await runJob(backfill(), { zkillboard: pagesOf(() => all, 4), esi })
    expect(storedIds(run)).toEqual(ids(all))
    expect(run).toMatchObject({ seen: 11, known: 0, failed: [] })
    expect(pages(run)).toEqual([1, 2, 3, 4, 5])
    expect(run.lookups).toContain(`character:${CHARACTER}`)
    expect(run.lookups).toContain('type:3634')
  })

  test('leaves what is held, and asks ESI for nothing', async () => {
    const all = history(11)
    const first = await runJob(backfill(), { zkillboard: pagesOf(() => all, 4), esi })
    const held = new Set([...first.stored.values()].map((one) => `${one.id}:${one.hash}`))
    const second = await runJob(backfill(), { zkillboard: pagesOf(() => all, 4), esi }, { held })
    expect(second).toMatchObject({ seen: 11, known: 11 })
    expect(second.stored.size + second.lookups.size).toBe(0)
    const again = await runJob(backfill({ skipExisting: false }), { zkillboard: pagesOf(() => all, 4), esi }, { held })
    expect(storedIds(again)).toEqual(ids(all))
  })

  test('goes past short pages and past a page that was empty once', async () => {
    const all = history(20)
    let isFirst = true
    const zkillboard: Upstream = (path, request) => {
      const reply = pagesOf(() => all, 4)(path, request) as Reply
      const { page } = parsePage(path)
      if (page === 1) return { ...reply, data: (reply.data as Listed[]).slice(0, 2) }
      if (page === 3 && isFirst) {
        isFirst = false
        return { ...reply, data: [] }
      }
      return reply
    }
    const run = await runJob(backfill(), { zkillboard, esi })
    expect(storedIds(run)).toEqual(ids(all.filter((_, n) => n < 2 || n > 3)))
    expect(run.seen).toBe(18)
  })

  test('asks an empty page again when its copy has expired, and fails when it stays empty', async () => {
    const all = history(20)
    const asked: number[] = []
    const zkillboard: Upstream = (path, request) => {
      const reply = pagesOf(() => all, 4)(path, request) as Reply
      if (parsePage(path).page !== 3) return reply
      asked.push(Date.now())
      return { ...reply, data: [], headers: { date: new Date().toUTCString(), age: '600', 'cache-control': 'public, max-age=3600' } }
    }
    const run = await runJob(backfill(), { zkillboard, esi })
    expect(run.failed).toEqual(['unsteady_listing'])
    expect((asked[1] as number) - (asked[0] as number)).toBeGreaterThanOrEqual(3000_000 - 1000)
  })

  test.each([
    ['[null]', { data: [null] }, 'upstream_error'],
    ['an error object', { data: { error: 'Internal error' } }, 'upstream_error'],
    [
      'a form nobody knows',
      {
        data: [
          { id: 1, data: {} },
          { id: 2, data: {} },
        ],
      },
      'shape',
    ],
    [
      'nothing but ids',
      {
        data: [
          { killmail_id: 1, zkb: {} },
          { killmail_id: 2, zkb: {} },
        ],
      },
      'shape',
    ],
    ['no list', { data: 'text' }, 'shape'],
  ])('tries again after %s', async (_, odd, kind) => {
    const all = history(8)
    let times = 0
    const zkillboard: Upstream = (path, request) => (parsePage(path).page === 2 && times++ < 2 ? odd : pagesOf(() => all, 4)(path, request))
    const run = await runJob(backfill(), { zkillboard, esi })
    expect(run.retries).toEqual([kind, kind])
    expect(storedIds(run)).toEqual(ids(all))
  })

  test('does not take two empty pages for the end when the statistics count more', async () => {
    const all = history(5)
    let isBroken = true
    const zkillboard: Upstream = (path, request) => {
      if (path.startsWith('/stats/')) {
        isBroken = false
        return { data: { shipsDestroyed: 4, shipsLost: 1, months: {} } }
      }
      return isBroken ? { data: [] } : pagesOf(() => all, 200)(path, request)
    }
    const run = await runJob(backfill(), { zkillboard, esi })
    expect(storedIds(run)).toEqual(ids(all))
  })

  test.each([
    ['the last of two pages', 230, 2, {}, { shipsDestroyed: 160, shipsLost: 70 }],
    ['the only page, without statistics', 30, 1, {}, { error: 'Invalid type or id' }],
    ['the only page of a month, without statistics', 30, 1, { fromDate: '2024-05-03', toDate: '2024-05-30' }, []],
  ])('does not lose %s when it comes back empty once', async (_, count, odd, options, statistics) => {
    const all = history(count)
    const wanted = all.filter((one) => !('toDate' in options) || String(one.killmail_time) >= '2024-05-03')
    let times = 0
    const zkillboard: Upstream = (path, request) => {
      if (path.startsWith('/stats/')) return { data: statistics }
      return parsePage(path).page === odd && times++ === 0 ? { data: [] } : pagesOf(() => all, 200)(path, request)
    }
    const run = await runJob(backfill(options), { zkillboard, esi })
    expect(storedIds(run)).toEqual(ids(wanted))
    expect(run.failed).toEqual([])
  })

  test('an empty month costs three requests where the statistics count nothing in it', async () => {
    const zkillboard: Upstream = (path) => ({ data: path.startsWith('/stats/') ? { shipsDestroyed: 9, shipsLost: 1, months: {} } : [] })
    const run = await runJob(backfill({ fromDate: '2024-03-03', toDate: '2024-03-20' }), { zkillboard, esi })
    expect(run).toMatchObject({ seen: 0, failed: [] })
    expect(run.asked).toHaveLength(3)
  })

  test('further empty months cost two each: one answer has the statistics of all', async () => {
    const zkillboard: Upstream = (path) => ({ data: path.startsWith('/stats/') ? { shipsDestroyed: 9, shipsLost: 1, months: {} } : [] })
    const run = await runJob(backfill({ fromDate: '2024-01-03', toDate: '2024-03-20' }), { zkillboard, esi })
    expect(run.asked).toHaveLength(3 * 2 + 1)
  })

  test('behind a full last page it reads again, and then reports what the statistics count', async () => {
    const all = history(200)
    const zkillboard: Upstream = (path, request) =>
      path.startsWith('/stats/') ? { data: { shipsDestroyed: 203 } } : pagesOf(() => all, 200)(path, request)
    const run = await runJob(backfill(), { zkillboard, esi })
    expect(run).toMatchObject({ seen: 200, expected: 203, failed: [], notes: [expect.stringContaining('at least 203')] })
    expect(pages(run).filter((page) => page === 2).length).toBeGreaterThan(2)
  })

  test('an empty listing that the statistics contradict fails in the end', async () => {
    const zkillboard: Upstream = (path) => ({ data: path.startsWith('/stats/') ? { shipsLost: 3 } : [] })
    expect(await runJob(backfill(), { zkillboard, esi })).toMatchObject({ seen: 0, failed: ['unsteady_listing'] })
  })

  test('says when there are no statistics to compare an empty listing with', async () => {
    const run = await runJob(backfill(), { zkillboard: pagesOf(() => [], 200), esi })
    expect(run).toMatchObject({ seen: 0, failed: [], notes: [expect.stringContaining('statistics')] })
  })

  test('gives up at once when zKillboard says that the request is wrong', async () => {
    const run = await runJob(backfill(), { zkillboard: () => ({ data: { error: 'characterID is an invalid parameter' } }), esi })
    expect(run.failed).toEqual(['parameter'])
  })

  test.each([
    ['alone on the only page', 1, 200],
    ['alone on a page before others', 5, 1],
    ['alone on the last page', 5, 4],
  ])('rejects an unreadable entry, %s, and goes on', async (_, count, size) => {
    const all = history(count)
    const bad = size === 4 ? count - 1 : 0
    const shown = all.map((one, n) => (n === bad ? ({ killmail_id: one.killmail_id } as Listed) : one))
    const dated = (one: Listed) => one.killmail_time !== undefined
    const run = await runJob(backfill(), { zkillboard: pagesOf(() => shown, size), esi })
    expect(run).toMatchObject({
      seen: count,
      retries: [],
      failed: [],
      rejected: [{ key: String(all[bad]?.killmail_id), reason: 'schema' }],
    })
    expect(storedIds(run)).toEqual(ids(shown.filter(dated)))
    expect(run.asked.filter((one) => one.startsWith('esi'))).toEqual([])
  })

  test('rejects a bad entry and keeps the others of its page', async () => {
    const all = history(3)
    const zkillboard: Upstream = (path) => ({ data: parsePage(path).page === 1 ? [...all, { killmail_id: 5 }] : [] })
    const run = await runJob(backfill(), { zkillboard, esi })
    expect(storedIds(run)).toEqual(ids(all))
    expect(run.rejected).toMatchObject([{ key: '5', reason: 'schema' }])
  })
})

describe('a window', () => {
  test('stops after a page that lies wholly before it, and stores nothing outside', async () => {
    const all = history(60, 12)
    const run = await runJob(backfill({ fromDate: '2024-05-20' }), { zkillboard: pagesOf(() => all, 4), esi })
    const wanted = all.filter((one) => String(one.killmail_time) >= '2024-05-20')
    expect(storedIds(run)).toEqual(ids(wanted))
    expect(run.seen).toBe(wanted.length)
    expect(Math.max(...pages(run))).toBeLessThanOrEqual(Math.ceil(wanted.length / 4) + 2)
  })

  test('is cut at midnight UTC, also where the times name no zone', async () => {
    const times = ['2024-05-19T23:59:59', '2024-05-20T00:00:00', '2024-05-21T23:59:59', '2024-05-22T00:00:00'] as const
    const all = times.map((text, n) => ({ ...listed(1000 + n, `${text}Z`), killmail_time: text }))
    const run = await runJob(backfill({ fromDate: '2024-05-20', toDate: '2024-05-21' }), { zkillboard: pagesOf(() => all, 200), esi })
    expect(storedIds(run)).toEqual(['1001', '1002'])
    expect([...run.stored.values()].map((one) => one.body.killmail_time)).toEqual(['2024-05-21T23:59:59Z', '2024-05-20T00:00:00Z'])
  })

  test('with a last day goes by months and stores nothing outside', async () => {
    const all = history(300, 12)
    const run = await runJob(backfill({ fromDate: '2024-02-10', toDate: '2024-03-15' }), { zkillboard: pagesOf(() => all, 4), esi })
    expect(run.tasks).toHaveLength(2)
    expect(storedIds(run)).toEqual(
      ids(all.filter((one) => String(one.killmail_time) >= '2024-02-10' && String(one.killmail_time) < '2024-03-16')),
    )
  })

  test('with a last day only is one walk as long as the pages last', async () => {
    const all = history(100, 24)
    const run = await runJob(backfill({ toDate: '2024-03-15' }), { zkillboard: pagesOf(() => all, 10), esi })
    expect(storedIds(run)).toEqual(ids(all.filter((one) => String(one.killmail_time) < '2024-03-16')))
    expect(run).toMatchObject({ tasks: [expect.any(String)], failed: [] })
    expect(pages(run)).toHaveLength(12)
  })

  test.each([
    ['that the pages do not reach', '2024-01-15', '2024/month/1'],
    ['that the pages pass', '2024-04-15', '2024/month/2'],
  ])('with a last day only, one %s, goes on by months down to the birthday', async (_, toDate, newest) => {
    const all = history(330, 12)
    const run = await runJob(backfill({ toDate }), { zkillboard: pagesOf(() => all, 2), esi })
    expect(storedIds(run)).toEqual(ids(all.filter((one) => String(one.killmail_time).slice(0, 10) <= toDate)))
    expect(run.tasks[1]).toContain(newest)
    expect(run.tasks.at(-1)).toContain('2023/month/11')
  })
})

describe('past page 100', () => {
  test('months go on from the oldest killmail seen', async () => {
    const all = history(330, 12)
    const run = await runJob(backfill(), { zkillboard: pagesOf(() => all, 2), esi })
    expect(storedIds(run)).toEqual(ids(all))
    expect(run.seen).toBe(330)
    expect(run.failed).toEqual([])
  })

  test('a month with more than 100 pages is read by sides', async () => {
    const all = history(260, 1)
    const zkillboard: Upstream = (path, request) => {
      const side = /kills\/year|losses\/year/.exec(path)?.[0]?.split('/')[0]
      return pagesOf(() => all.filter((_, n) => !side || (side === 'kills') === (n % 2 === 0)), 2)(path, request)
    }
    const run = await runJob(backfill(), { zkillboard, esi })
    expect(storedIds(run)).toEqual(ids(all))
    expect(run.tasks.filter((task) => task.includes('/losses/year/2024/month/5'))).toHaveLength(1)
  })

  test('and when sides are not enough the task fails and says so', async () => {
    const all = history(500, 1)
    const run = await runJob(backfill({ kills: true }), { zkillboard: pagesOf(() => all, 2), esi })
    expect(run.failed).toEqual(['truncated'])
  })
})

test('maxPages times limit is the number of killmails, exactly and newest first', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 9 }),
      async (maxPages, limit, size) => {
        jest.setSystemTime(START)
        // 100 pages of one or two killmails are used up, so the count goes on through the months.
        const all = history(250, 12)
        const run = await runJob(backfill({ maxPages, limit }), { zkillboard: pagesOf(() => all, size), esi })
        expect(storedIds(run)).toEqual(ids(all.slice(0, maxPages * limit)))
        expect(run.seen).toBe(Math.min(250, maxPages * limit))
      },
    ),
    { numRuns: 25 },
  )
})

test('what has been listed for an hour is stored, however the list moves and its pages are cached', async () => {
  const moves = fc.array(fc.record({ insert: fc.nat(3), deep: fc.nat(400), cachedMinutes: fc.nat(90), emptyOnce: fc.boolean() }), {
    minLength: 40,
    maxLength: 40,
  })
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 6 }), moves, async (size, script) => {
      jest.setSystemTime(START)
      const world = movingListing(size, script)
      const run = await runJob(backfill(), { zkillboard: world.upstream, esi })
      const start = world.listed(START - HOUR)
      expect(run.failed).toEqual([])
      const missing = start.filter((one) => !run.stored.has(String(one.killmail_id)))
      expect(ids(missing)).toEqual([])
    }),
    { numRuns: 60 },
  )
})

/**
 * A listing that grows at its head and, by late posts, anywhere, behind a cache that keeps each page for an hour. Some pages
 * were cached before the walk began, when the last insertions were not there yet; some come back empty once.
 */
function movingListing(size: number, script: { insert: number; deep: number; cachedMinutes: number; emptyOnce: boolean }[]) {
  const arrivals: { at: number; one: Listed }[] = history(60, 9).map((one) => ({ at: 0, one }))
  let head = 1_000_001
  script.forEach(({ insert, deep }, n) => {
    const at = START - 2 * HOUR + n * 5 * 60_000
    for (let k = 0; k < insert; k++) {
      const id = deep % 3 === 0 ? 1_000_000 - (deep % 60) * 10 - 1 - n : head++
      arrivals.push({ at, one: listed(id, new Date(at - HOUR)) })
    }
  })
  const listAt = (at: number): Listed[] => [
    ...new Map(arrivals.filter((it) => it.at <= at).map((it) => [it.one.killmail_id, it.one])).values(),
  ]
  const copies = new Map<number, number>()
  const emptied = new Set<number>()
  let lastWasEmpty = false
  const upstream: Upstream = (path, request) => {
    if (path.startsWith('/stats/')) return { data: { shipsDestroyed: 10 } }
    const { page } = parsePage(path)
    const now = Date.now()
    const move = script[page % script.length]
    if (!copies.has(page)) copies.set(page, move && move.cachedMinutes < 60 ? now - move.cachedMinutes * 60_000 : now)
    if (now - (copies.get(page) as number) >= HOUR) copies.set(page, now)
    const made = copies.get(page) as number
    const headers = {
      date: new Date(now).toUTCString(),
      age: String(Math.floor((now - made) / 1000)),
      'cache-control': 'public, max-age=3600',
    }
    jest.setSystemTime(now + 10_000)
    const { data } = pagesOf(() => listAt(made), size)(path, request) as { data: Listed[] }
    if (move?.emptyOnce && !lastWasEmpty && !emptied.has(page) && page * size < 60) {
      emptied.add(page)
      lastWasEmpty = true
      return { data: [], headers }
    }
    lastWasEmpty = data.length === 0
    return { data, headers }
  }
  return { upstream, listed: listAt }
}

describe('the recent killmails', () => {
  test('stop at a page with one that is held and older than 72 hours, with all of that page', async () => {
    const all = history(30, 6)
    const held = new Set(all.slice(9).flatMap((one) => [`${one.killmail_id}:${one.zkb.hash}`, `old:${one.killmail_id}:${one.zkb.hash}`]))
    const run = await runJob(recent, { zkillboard: pagesOf(() => all, 4), esi }, { held })
    expect(storedIds(run)).toEqual(ids(all.slice(0, 9)))
    expect(pages(run)).toEqual([1, 2, 3])
    expect(run.notes).toEqual([])
  })
  test('do not stop at one that is held and younger: an older one may be listed late', async () => {
    const all = history(12, 6)
    const held = new Set(all.slice(0, 4).map((one) => `${one.killmail_id}:${one.zkb.hash}`))
    const run = await runJob(recent, { zkillboard: pagesOf(() => all, 4), esi }, { held })
    expect(storedIds(run)).toEqual(ids(all.slice(4)))
  })
  test('read ten pages at most, and the report says that there may be more', async () => {
    const run = await runJob(recent, { zkillboard: pagesOf(() => history(60), 4), esi })
    expect(run.stored.size).toBe(40)
    expect(run.notes).toEqual([expect.stringContaining('10 pages')])
  })
})
