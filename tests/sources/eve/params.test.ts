import { Refused } from '../../../backend/base/errors'
import { parseRequest } from '../../../backend/engine/jobs/start'
import { eve } from '../../../backend/sources/eve'

const backfill = (raw: unknown) => parseRequest(eve, 'zkillboard_backfill_queue', raw)
const recent = (raw: unknown) => parseRequest(eve, 'zkillboard_character_queue', raw)

function refusal(work: () => unknown): Refused {
  try {
    work()
  } catch (error) {
    expect(error).toBeInstanceOf(Refused)
    return error as Refused
  }
  throw new Error('nothing was refused')
}

const tomorrow = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10)
const options = (fields: object) => ({ characterId: 1, options: fields })

test.each([
  [{}, 'characterId', /must be given/],
  [{ characterId: 'abc' }, 'characterId', /whole number/],
  [{ characterId: 0 }, 'characterId', /greater than zero/],
  [{ characterId: -5 }, 'characterId', /greater than zero/],
  [{ characterId: 1.5 }, 'characterId', /whole number/],
  [{ characterId: '1.5' }, 'characterId', /whole number/],
  [{ characterId: '99999999999999999999' }, 'characterId', /too large/],
  [{ characterId: 1e20 }, 'characterId', /too large/],
  [{ characterId: null }, 'characterId', /number/],
  [{ corporationId: true }, 'corporationId', /number/],
  [{ characterId: 1, allianceId: 2 }, 'characterId', /exactly one/],
  [options({ fromDate: '2023-02-30' }), 'options.fromDate', /does not exist/],
  [options({ fromDate: '01.02.2023' }), 'options.fromDate', /date like/],
  [options({ toDate: tomorrow }), 'options.toDate', /future/],
  [options({ fromDate: '2023-02-02', toDate: '2023-02-01' }), 'options.fromDate', /later than toDate/],
  [options({ limit: 0 }), 'options.limit', /1 to 200/],
  [options({ limit: 201 }), 'options.limit', /1 to 200/],
  [options({ maxPages: 0 }), 'options.maxPages', /1 or more/],
  [options({ maxPages: 'ten' }), 'options.maxPages', /whole number/],
  [options({ skipExisting: 'no' }), 'options.skipExisting', /true or false/],
  [options({ fromdate: '2023-01-01' }), 'options.fromdate', /not an option; there are fromDate/],
  [[1], '', /JSON object/],
  ['text', '', /JSON object/],
  [{ values: false }, 'values', /true/],
])('%j is refused, naming %s', (raw, field, says) => {
  const error = refusal(() => backfill(raw))
  expect(error).toMatchObject({ code: 'input', field })
  expect(error.message).toMatch(says)
  if (field) expect(error.message).toContain(field)
})

test('ids are taken as numbers and as digits, extra fields are left alone', () => {
  expect(backfill({ characterId: '2117325769', note: 'extra' })).toEqual({
    mode: 'backfill',
    characterId: 2117325769,
    options: { limit: 100, skipExisting: true },
  })
})

test('what was parsed is parsed to itself', () => {
  for (const it of [
    backfill({ allianceId: 5, options: { fromDate: '2023-01-01', maxPages: 3, kills: true } }),
    backfill({ values: true }),
    recent({ characterId: 7 }),
  ]) {
    expect(eve.params.parse(JSON.parse(JSON.stringify(it)))).toEqual(it)
  }
})

test('a queue decides what a request means', () => {
  expect(recent({ characterId: 7 })).toEqual({ mode: 'recent', characterId: 7 })
  expect(refusal(() => recent({ corporationId: 7 }))).toMatchObject({ field: 'characterId' })
  expect(backfill({ values: true })).toEqual({ mode: 'values', values: true })
})

test('params say what is wrong without throwing when they are only checked', () => {
  const parsed = eve.params.safeParse(options({ limit: 0 }))
  expect(parsed.error?.issues[0]).toMatchObject({ path: ['options', 'limit'], message: expect.stringContaining('1 to 200') })
})
