import { parsed } from '../../../backend/contract'
import { parseParams, parseRequest } from '../../../backend/engine/jobs/start'
import { toastmasters } from '../../../backend/sources/toastmasters'
import { label, params } from '../../../backend/sources/toastmasters/params'
import { scopeOf, strategyOf } from '../../../backend/sources/toastmasters/scope'

const refusal = (raw: unknown): string => {
  try {
    parsed(params, raw)
  } catch (error) {
    return (error as Error).message
  }
  return 'accepted'
}
const range = { startDate: '2024-01-01', endDate: '2024-01-30' }
const today = () => new Date().toISOString().slice(0, 10)

describe('a request', () => {
  it('takes what the seed names, with its defaults', () => {
    expect(parsed(params, range)).toEqual({
      ...range,
      collectionType: 'auto',
      retryFailures: true,
      skipExisting: true,
      enableCaching: true,
      newestFirst: false,
    })
    expect(parsed(params, { startDate: '2024-01-01' })).toMatchObject({ startDate: '2024-01-01', endDate: '2024-01-01' })
    expect(parsed(params, { ...range, targetDistricts: ['2', 'f', '101'] })).toMatchObject({ targetDistricts: ['02', 'F', '101'] })
  })

  it('parses to itself once it was parsed', () => {
    for (const raw of [range, { startDate: '2008-07-01', targetDistricts: ['1'] }, { lastDays: 7 }]) {
      const { lastDays: _, ...once } = parsed(params, raw) as Record<string, unknown>
      expect(parsed(params, once)).toEqual(once)
    }
  })

  it('may name the last days in place of dates', () => {
    const found = parsed(params, { lastDays: 3 })
    const day = (n: number) => new Date(Date.parse(`${today()}T00:00:00Z`) + n * 86_400_000).toISOString().slice(0, 10)
    expect(found).toMatchObject({ startDate: day(-3), endDate: day(-1) })
  })

  it.each([
    [{}, 'startDate is missing'],
    [{ startDate: '01/02/2024' }, 'startDate must be a date like 2024-01-31, got "01/02/2024".'],
    [{ startDate: 20240101 }, 'startDate must be a date like 2024-01-31, got 20240101.'],
    [{ startDate: '2024-02-30' }, 'startDate is a day that does not exist, got "2024-02-30".'],
    [{ startDate: '2024-13-01' }, 'startDate is a day that does not exist'],
    [{ startDate: '2008-06-30' }, 'startDate must not be before 2008-07-01'],
    [{ startDate: today() }, 'startDate must be before today'],
    [{ startDate: '2999-01-01' }, 'startDate must be before today'],
    [{ startDate: '2024-01-30', endDate: '2024-01-01' }, 'endDate must not be before startDate (2024-01-30), got "2024-01-01".'],
    [{ ...range, targetDistricts: [] }, 'targetDistricts must name at least one district'],
    [{ ...range, targetDistricts: ['../etc'] }, 'targetDistricts.0 must be the id of a district like 42, 101 or F, got "../etc".'],
    [{ ...range, targetDistricts: ['42/..'] }, 'targetDistricts.0 must be the id of a district'],
    [{ ...range, targetDistricts: ['4~2'] }, 'targetDistricts.0 must be the id of a district'],
    [{ ...range, targetDistricts: [42] }, 'targetDistricts.0 must be the id of a district'],
    [{ ...range, targetDistricts: ['2', '02'] }, 'targetDistricts names district 02 twice.'],
    [{ ...range, targetDistricts: '42' }, 'targetDistricts must be a list of district ids'],
    [{ ...range, concurrency: 0 }, 'concurrency must be a whole number from 1 to 10, got 0.'],
    [{ ...range, concurrency: 11 }, 'concurrency must be a whole number from 1 to 10, got 11.'],
    [{ ...range, concurrency: 2.5 }, 'concurrency must be a whole number from 1 to 10, got 2.5.'],
    [{ ...range, rateLimitDelayMs: 1999 }, 'rateLimitDelayMs must be a whole number from 2000 to 3600000 (milliseconds), got 1999.'],
    [{ ...range, collectionType: 'all' }, 'collectionType must be one of auto, system-wide, per-district, got "all".'],
    [{ ...range, retryFailures: 'yes' }, 'retryFailures must be true or false, got "yes".'],
    [{ ...range, lastDays: 3 }, 'lastDays goes without startDate and endDate.'],
    [[], 'The request must be a JSON object'],
    ['x', 'The request must be a JSON object'],
  ])('%j is refused: %s', (raw, sentence) => {
    expect(refusal(raw)).toContain(sentence)
  })

  it('says in words what it reads', () => {
    expect(label(parsed(params, range))).toBe('statistics of all districts from 2024-01-01 to 2024-01-30')
    expect(label(parsed(params, { startDate: '2024-01-01', targetDistricts: ['42'] }))).toBe('statistics of district 42 on 2024-01-01')
    const many = { startDate: '2024-01-01', targetDistricts: ['1', '2', '3', '4', '5', '6', '7'] }
    expect(label(parsed(params, many))).toBe('statistics of districts 01, 02, 03, 04, 05 and 2 more on 2024-01-01')
  })
})

describe('the scope', () => {
  it('is every district where none is configured or named', () => {
    expect(scopeOf(undefined, [])).toEqual({ districts: null, configured: [], outside: [], scopeType: 'system-wide' })
    expect(scopeOf(undefined, ['42', '15'])).toMatchObject({ districts: ['42', '15'], scopeType: 'system-wide' })
    expect(scopeOf(['15', '42'], ['42', '15'])).toMatchObject({ scopeType: 'system-wide' })
  })

  it('leaves out what is not configured', () => {
    expect(scopeOf(['42', '99'], ['42', '15'])).toMatchObject({ districts: ['42'], outside: ['99'], scopeType: 'single-district' })
    expect(scopeOf(['98', '99'], ['42'])).toMatchObject({ districts: [], outside: ['98', '99'] })
    expect(scopeOf(['42', '15'], [])).toMatchObject({ districts: ['42', '15'], outside: [], scopeType: 'targeted' })
  })

  const strategy = (type: Parameters<typeof strategyOf>[0], targets: string[] | undefined, configured: string[] = []) => {
    const { strategy: found, detail } = strategyOf(type, scopeOf(targets, configured))
    return [found.type, detail, found.refreshMethod.name]
  }
  const many = Array.from({ length: 12 }, (_, n) => String(n + 10))

  it('decides how it is read, with the reason', () => {
    expect(strategy('auto', undefined)).toEqual(['system-wide', 'summary', 'getAllDistricts'])
    expect(strategy('auto', ['42'])).toEqual(['per-district', 'full', 'getDistrictPerformance'])
    expect(strategy('auto', ['42', '15'])).toEqual(['targeted', 'full', 'getMultipleDistricts'])
    expect(strategy('auto', many)).toEqual(['targeted', 'summary', 'getMultipleDistricts'])
    expect(strategy('auto', many, many)).toEqual(['system-wide', 'summary', 'getAllDistricts'])
    expect(strategy('per-district', undefined)).toEqual(['per-district', 'full', 'getDistrictPerformance'])
    expect(strategy('system-wide', ['42'])).toEqual(['system-wide', 'summary', 'getAllDistricts'])
    expect(strategyOf('auto', scopeOf(many, [])).strategy.rationale).toContain('12 districts are named')
  })
})

describe('a message', () => {
  test.each(['colectionType', '__proto__x', 'speed'])('with the unknown field %s is refused by its name', (field) => {
    const sent = { startDate: '2024-01-01', [field]: 1 }
    expect(() => parseRequest(toastmasters, 'districts_backfill_queue', sent)).toThrow(
      `${field} is not a field; the fields are targetDistricts`,
    )
    // The stored params of a job may have come from another version.
    expect(parseParams(toastmasters, sent)).toMatchObject({ startDate: '2024-01-01' })
  })

  test('may leave fields out as null', () => {
    expect(parseRequest(toastmasters, 'districts_backfill_queue', { startDate: '2024-01-01', endDate: null })).toMatchObject({
      endDate: '2024-01-01',
    })
  })
})
