import { Fatal, RetryLater, Throttled } from '../../../backend/base/errors'
import type { Answers } from '../../../backend/contract'
import { eve } from '../../../backend/sources/eve'
import { fakeIo, type Reply, type Upstream } from '../../support/eve'

const read = (
  kind: string,
  ids: string[],
  esi: Upstream,
  options: { more?: () => boolean; etags?: [number, string][]; denied?: string[] } = {},
) => {
  const io = fakeIo({ esi }, options)
  const held = { query: async () => (options.etags ?? []).map(([id, etag]) => ({ id: BigInt(id), etag })) as never }
  const answers = eve.lookups?.[kind]?.read(ids, { ...io, held }, new Set(options.denied)) as Promise<Answers<Record<string, unknown>>>
  return answers.then((it) => ({ ...it, asked: io.asked }))
}
const numbers = (from: number, count: number): string[] => Array.from({ length: count }, (_, n) => String(from + n))

/** ESI that knows all ids but `bad`; those in `deleted` answer as deleted ones do. */
function esi(bad: Set<number> = new Set(), deleted: Set<number> = new Set()): Upstream {
  return (path, { body }): Reply => {
    const ids = (body ?? []) as number[]
    if (path === '/universe/names') {
      if (ids.some((id) => bad.has(id))) return { status: 404, text: '{"error":"Ensure all IDs are valid before resolving."}' }
      return { data: ids.map((id) => ({ id, name: `Pilot ${id}`, category: id < 100 ? 'corporation' : 'character' })) }
    }
    if (path === '/characters/affiliation') {
      return {
        data: ids.map((id) => ({ character_id: id, corporation_id: 98000000 + (id % 7), alliance_id: id % 2 ? 99000001 : undefined })),
      }
    }
    const id = Number(path.split('/')[2])
    if (deleted.has(id)) return { status: 404, text: '{"error":"Character has been deleted!"}' }
    if (bad.has(id)) return { status: 404, text: '{"error":"Character not found"}' }
    return { data: { name: `Pilot ${id}`, corporation_id: 98000001, birthday: '2010-01-01T00:00:00Z' } }
  }
}

test('a thousand characters cost two requests, and name their corporations and alliances once', async () => {
  const answers = await read('character', numbers(90000000, 1000), esi())
  expect(answers.asked).toEqual(['esi /universe/names', 'esi /characters/affiliation'])
  expect(answers.answered).toHaveLength(1000)
  expect(answers.lookups?.corporation).toHaveLength(7)
  expect(answers.lookups?.alliance).toEqual(['99000001'])
  expect(answers.found).toContainEqual({
    id: '90000000',
    name: 'Pilot 90000000',
    corporation: expect.any(String),
    alliance: null,
    faction: null,
  })
})

test('each route is a part of ESI, with a breaker of its own', async () => {
  const parts = new Set<string>()
  const watched: Upstream = (path, request) => {
    for (const part of Object.keys(request.parts ?? {})) parts.add(part)
    return esi(new Set([90500001]))(path, request)
  }
  await read('character', ['90500000', '90500001'], watched)
  const details = ['corporation', 'alliance', 'type']
  for (const kind of details)
    await read(kind, ['10'], (path, request) => {
      watched(path, request)
      return new RetryLater('http_500', 'no')
    })
  expect([...parts].sort()).toEqual(['affiliation', 'alliance', 'character', 'corporation', 'names', 'type'].map((one) => `esi.${one}`))
  expect(Object.keys(eve.apis.esi?.parts ?? {})).toEqual(expect.arrayContaining([...parts, 'esi.killmail']))
})

test('a bad id is found by halving, asked alone, and remembered', async () => {
  const ids = numbers(91000000, 1000)
  const bad = new Set([91000333])
  const first = await read('character', ids, esi(bad))
  expect(first.answered).toHaveLength(999)
  expect(first.missing).toMatchObject([{ id: '91000333', reason: 'unknown', checkAgain: expect.any(Date) }])
  expect(first.asked.filter((one) => one.endsWith('names')).length).toBeLessThanOrEqual(20)
  const second = await read('character', ids, esi(bad))
  expect(second.asked).toEqual(['esi /universe/names', 'esi /characters/affiliation', 'esi /characters/91000333'])
})

test('only the exact answer makes a tombstone; a refused id that answers alone is found', async () => {
  const answers = await read('character', ['92000001', '92000002', '92000003'], (path, request) =>
    path === '/universe/names' && (request.body as number[]).includes(92000003)
      ? { status: 404, text: '{"error":"Ensure all IDs are valid before resolving."}' }
      : esi(new Set([92000001, 92000002]), new Set([92000001]))(path, request),
  )
  expect(answers.missing).toMatchObject([
    { id: '92000001', reason: 'deleted' },
    { id: '92000002', reason: 'unknown' },
  ])
  const again = (answers.missing[0]?.checkAgain?.getTime() ?? 0) - Date.now()
  expect(again / 86_400_000).toBeCloseTo(21, 0)
  expect(answers.answered).toEqual(['92000003'])
})

describe('a character that bulk routes place in a corporation of the game', () => {
  // A few are asked alone in a minute: each test has a minute of its own.
  let minutes = 0
  beforeEach(() => {
    const at = Date.now() + ++minutes * 60_000
    jest.spyOn(Date, 'now').mockReturnValue(at)
  })
  afterEach(() => jest.restoreAllMocks())
  const [deleted, novice, player] = ['92100001', '92100002', '92100003'] as const
  const upstream: Upstream = (path, request) => {
    if (path !== '/characters/affiliation') return esi(new Set(), new Set([Number(deleted)]))(path, request)
    return {
      data: (request.body as number[]).map((id) => ({ character_id: id, corporation_id: id === Number(player) ? 98000001 : 1000044 })),
    }
  }

  test('is asked alone: it may be deleted, and bulk routes do not say so', async () => {
    const answers = await read('character', [deleted, novice, player], upstream)
    expect(answers.asked).toEqual([
      'esi /universe/names',
      'esi /characters/affiliation',
      `esi /characters/${deleted}`,
      `esi /characters/${novice}`,
    ])
    expect(answers.missing).toMatchObject([{ id: deleted, reason: 'deleted', checkAgain: expect.any(Date) }])
    expect([...answers.answered].sort()).toEqual([novice, player])
    expect(answers.found).toContainEqual(expect.objectContaining({ id: deleted, name: `Pilot ${deleted}` }))
  })

  test.each([
    ['422', new Fatal('http_422', 'esi GET answered 422'), [{ id: novice }]],
    ['500', new RetryLater('http_500', 'esi GET answered 500'), [{ id: novice }]],
    ['with words of somebody else', { status: 404, text: '<html>Not Found</html>' }, [{ id: novice }]],
    ['that it is to wait', new Throttled('esi', new Date()), []],
  ])('keeps the name of the list when it is alone and its own question is answered %s', async (_, reply, failed) => {
    const answers = await read('character', [novice], (path, request) => (path.includes(novice) ? reply : upstream(path, request)))
    expect(answers).toMatchObject({
      found: [{ id: novice, name: `Pilot ${novice}`, corporation: '1000044' }],
      answered: [],
      missing: [],
      failed,
    })
  })

  test('is asked alone and nothing else once it was denied', async () => {
    const answers = await read('character', [deleted], upstream, { denied: [deleted] })
    expect(answers.asked).toEqual([`esi /characters/${deleted}`])
    expect(answers).toMatchObject({ found: [], answered: [], missing: [{ id: deleted, reason: 'deleted' }] })
  })

  test('has its name at once and stays open while there is no time to ask', async () => {
    const answers = await read('character', [deleted, novice, player], upstream, { more: () => false })
    expect(answers).toMatchObject({ answered: [player], missing: [] })
    expect(answers.found.map((one) => one.id).sort()).toEqual([deleted, novice, player])
  })
})

test('of a thousand characters in corporations of the game a few are asked alone, whatever the bulk', async () => {
  const novices: Upstream = (path, request) =>
    path === '/characters/affiliation'
      ? { data: (request.body as number[]).map((id) => ({ character_id: id, corporation_id: 1000044 })) }
      : esi()(path, request)
  const all = await Promise.all([0, 1, 2].map((bulk) => read('character', numbers(95000000 + bulk * 1000, 1000), novices)))
  expect(all.map((one) => one.answered.length)).toEqual([1000, 1000, 1000])
  expect(all.flatMap((one) => one.asked).length).toBeLessThanOrEqual(3 * 2 + 2 * 5)
})

test('an id of something else is no character', async () => {
  const answers = await read('character', ['5', '93000001'], esi())
  expect(answers).toMatchObject({ answered: ['93000001'], missing: [{ id: '5', reason: 'not a character: corporation' }] })
})

test('when there is no more time, what is not answered stays open', async () => {
  const ids = numbers(94000000, 8)
  let left = 3
  const answers = await read('character', ids, esi(new Set([94000007])), { more: () => left-- > 0 })
  const done = [...answers.answered, ...answers.missing.map((one) => one.id)]
  expect(done.length).toBeGreaterThan(0)
  expect(done.length).toBeLessThan(8)
})

/** What stands in front of ESI, or ESI of a route that is gone, says with the statuses of a no. */
const NOT_ABOUT_THE_ID = [
  '',
  'Not Found',
  '404 page not found',
  '<html><head><title>404 Not Found</title></head></html>',
  '{}',
  '[]',
  'null',
  '"Corporation not found"',
  '{"error":"Not found"}',
  '{"error":"Route not found"}',
  '{"error":"Requested page does not exist!"}',
  '{"error":"The path /corporations/10 was not found"}',
  '{"error":"Corporation 11 not found"}',
  '{"error":{"message":"Corporation not found"}}',
  '{"message":"Corporation not found"}',
  '{"error":"Station not found"}',
]

describe.each([
  ['corporation', 'Corporation not found', 'unknown'],
  ['corporation', 'Corporation 10 not found.', 'unknown'],
  ['corporation', 'Corporation has been closed!', 'deleted'],
  ['alliance', 'Alliance not found', 'unknown'],
  ['type', 'Type not found!', 'unknown'],
  ['character', 'Character not found', 'unknown'],
  ['character', 'Invalid character ID', 'unknown'],
  ['character', 'Character has been deleted!', 'deleted'],
])('a %s', (kind, words, reason) => {
  const alone = (text: string): Upstream => {
    return (path) => (path === '/universe/names' ? esi(new Set([10]))(path, { body: [10] } as never) : { status: 404, text })
  }
  test(`is missing where ESI says "${words}"`, async () => {
    const answers = await read(kind, ['10'], alone(JSON.stringify({ error: words })))
    expect(answers).toMatchObject({ found: [], answered: [], missing: [{ id: '10', reason }] })
  })
  test.each(NOT_ABOUT_THE_ID)('is not missing where somebody says %j', async (text) => {
    const answers = await read(kind, ['10'], alone(text))
    expect(answers).toMatchObject({ found: [], answered: [], missing: [], failed: [{ id: '10', error: { kind: 'no_answer' } }] })
  })
})

test('a list that somebody refuses in words that are not about its ids is not halved', async () => {
  for (const text of NOT_ABOUT_THE_ID) {
    await expect(read('character', numbers(96000000, 100), () => ({ status: 404, text }))).rejects.toMatchObject({ kind: 'no_answer' })
  }
})

describe('details', () => {
  const corporation: Upstream = (path, { etag }) => {
    const id = Number(path.split('/')[2])
    if (id === 404) return { status: 404, text: '{"error":"Corporation not found"}' }
    if (etag === '"same"') return { status: 304 }
    return {
      data: { name: `Corp ${id}`, ticker: 'C', ceo_id: 1, creator_id: 1, member_count: 3, tax_rate: 0.1, alliance_id: 99000001 },
      etag: '"new"',
    }
  }
  test('are asked with the tag that is held; an unchanged one is answered without a row', async () => {
    const answers = await read('corporation', ['10', '11', '404'], corporation, { etags: [[10, '"same"']] })
    expect(answers).toMatchObject({
      found: [{ id: '11', etag: '"new"', values: { name: 'Corp 11', member_count: 3 } }],
      answered: ['10', '11'],
      missing: [{ id: '404', reason: 'unknown' }],
      lookups: { alliance: ['99000001'] },
    })
  })
  test('keep their founding date in UTC, and their name where nobody can read the date', async () => {
    const founded = ['2010-05-01T12:00:00', 'long ago']
    const answers = await read('alliance', ['10', '11'], (path) => ({
      data: { name: 'A', ticker: 'A', creator_id: 1, creator_corporation_id: 1, date_founded: founded[Number(path.split('/')[2]) - 10] },
    }))
    expect(answers.found.map((one) => (one.values as Record<string, unknown>).date_founded)).toEqual(['2010-05-01T12:00:00Z', null])
  })
  test('one that fails leaves the others answered', async () => {
    const answers = await read('corporation', ['10', '11'], (path, request) =>
      path.endsWith('10') ? new RetryLater('http_504', 'no') : corporation(path, request),
    )
    expect(answers).toMatchObject({ answered: ['11'], missing: [], failed: [{ id: '10', error: { kind: 'http_504' } }] })
  })
  test('of a route that is down a few are asked, not all', async () => {
    const answers = await read('corporation', numbers(20, 20), () => new RetryLater('http_502', 'no'))
    expect(answers.asked).toHaveLength(5)
    expect(answers.failed?.map((one) => one.id)).toEqual(numbers(20, 5))
  })
  test('when ESI says wait before the first answer, everything waits', async () => {
    await expect(read('alliance', ['10', '11'], () => new Throttled('esi', new Date()))).rejects.toThrow(Throttled)
  })
  test('types keep group, mass and volume', async () => {
    const answers = await read('type', ['587'], () => ({
      data: { name: 'Rifter', group_id: 25, mass: 1067000, volume: 27289, published: true, type_id: 587, description: '' },
    }))
    expect(answers.found).toMatchObject([{ id: '587', values: { name: 'Rifter', group_id: 25, mass: 1067000, volume: 27289 } }])
  })
})

describe('a list that is refused for everybody', () => {
  const MINUTE = 60_000
  let now = 0
  beforeEach(() => {
    now = Date.now()
    jest.spyOn(Date, 'now').mockImplementation(() => now)
  })
  afterEach(() => jest.restoreAllMocks())
  const refusing: Upstream = (path, request) =>
    path.startsWith('/universe') ? { status: 404, text: '{"error":"Ensure all IDs are valid before resolving."}' } : esi()(path, request)
  const lists = (asked: string[]) => asked.filter((one) => one.endsWith('/universe/names')).length

  test('costs a few refusals; its ids are asked alone, and it is left alone for a while, longer each time', async () => {
    const ids = numbers(97000000, 140)
    const first = await read('character', ids, refusing)
    expect(lists(first.asked)).toBeLessThanOrEqual(12)
    expect(first).toMatchObject({ missing: [], failed: [] })
    expect(first.answered).toHaveLength(140)
    const refusals: number[] = []
    for (let minute = 0; minute < 60; minute++) {
      now += MINUTE
      refusals.push(lists((await read('character', numbers(97100000 + minute * 100, 100), refusing)).asked))
    }
    expect(refusals.filter((n) => n > 1)).toEqual([])
    expect(refusals.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(10)
    now += 10 * MINUTE
    const back = await read('character', numbers(97200000, 100), esi())
    expect(back.asked).toEqual(['esi /universe/names', 'esi /universe/names', 'esi /characters/affiliation'])
  })

  test('and a list full of bad ids costs a bounded number of refusals; the rest is asked alone', async () => {
    const ids = numbers(98000000, 500)
    const answers = await read('character', ids, esi(new Set(ids.map(Number).filter((id) => id % 3 === 0))))
    expect(lists(answers.asked)).toBeLessThanOrEqual(70)
    expect(answers.answered.length + answers.missing.length).toBe(500)
    expect(answers.missing.every((one) => Number(one.id) % 3 === 0)).toBe(true)
  })
})
