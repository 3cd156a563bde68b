import { Refused } from '../../../backend/base/errors'
import { parsed } from '../../../backend/contract'
import { label, params, subjectOf } from '../../../backend/sources/tf2/params'

const request = (raw: unknown) => parsed(params, raw)

const faults = (raw: unknown): { field: string; message: string }[] => {
  try {
    request(raw)
  } catch (error) {
    if (error instanceof Refused) return [...error.faults]
    throw error
  }
  return []
}
const BAT = { item_defindex: 190, item_quality_id: 11 }

test('each type of request', () => {
  expect(request({ request_type: 'FULL', ...BAT, max_inventory_size: 50 })).toEqual({
    request_type: 'FULL',
    ...BAT,
    max_inventory_size: 50,
    verify_all: false,
  })
  expect(request({ request_type: 'BUY_ONLY', ...BAT })).toEqual({ request_type: 'BUY_ONLY', ...BAT, verify_all: false })
  expect(request({ request_type: 'SELL_ONLY', ...BAT })).toMatchObject({ request_type: 'SELL_ONLY' })
  expect(request({ request_type: 'SINGLE_ID', listing_id: '440_16525961480' })).toEqual({
    request_type: 'SINGLE_ID',
    listing_id: '440_16525961480',
  })
})

test('a missing type is FULL, or SINGLE_ID with only the id of a listing; null is the same as missing', () => {
  expect(request(BAT)).toMatchObject({ request_type: 'FULL' })
  expect(request({ ...BAT, request_type: null, listing_id: null, max_inventory_size: null })).toMatchObject({ request_type: 'FULL' })
  expect(request({ listing_id: '440_16525961480' })).toMatchObject({ request_type: 'SINGLE_ID' })
  expect(request({ ...BAT, listing_id: '440_16525961480' })).toMatchObject({ request_type: 'FULL' })
})

test('defindex 0 is the Bat, quality 0 is Normal', () => {
  expect(request({ item_defindex: 0, item_quality_id: 0 })).toMatchObject({ item_defindex: 0, item_quality_id: 0 })
})

test('an item by its name', () => {
  expect(request({ item_name: 'Wilson Weave' })).toMatchObject({ item_name: 'The Wilson Weave', item_defindex: 1012, item_quality_id: 6 })
})

test('a filter is nothing to buy orders', () =>
  expect(request({ request_type: 'BUY_ONLY', ...BAT, max_inventory_size: 5 })).not.toHaveProperty('max_inventory_size'))

test.each([
  ['full', { request_type: 'full', ...BAT }, 'request_type', 'must be one of FULL, BUY_ONLY, SELL_ONLY, SINGLE_ID, got "full"'],
  ['no item', { request_type: 'FULL' }, 'item_defindex', 'item_defindex and item_quality_id are missing'],
  ['no quality', { item_defindex: 190 }, 'item_quality_id', 'item_quality_id is missing'],
  ['a text', { ...BAT, item_defindex: '190' }, 'item_defindex', 'must be a whole number of at least 0, got "190"'],
  ['a fraction', { ...BAT, item_quality_id: 1.5 }, 'item_quality_id', 'must be a whole number of at least 0, got 1.5'],
  ['below 0', { ...BAT, item_defindex: -1 }, 'item_defindex', 'must be a whole number of at least 0, got -1'],
  ['no filter', { ...BAT, max_inventory_size: 0 }, 'max_inventory_size', 'must be a whole number of at least 1, got 0'],
  ['no id', { request_type: 'SINGLE_ID' }, 'listing_id', 'listing_id is missing'],
  ['another app', { request_type: 'SINGLE_ID', listing_id: '730_1' }, 'listing_id', 'must be 440_<asset id>'],
  ['another shape', { listing_id: '440_x' }, 'listing_id', 'must be 440_<asset id>'],
  ['a number for an id', { listing_id: 440 }, 'listing_id', 'must be the id of a listing'],
  ['no name', { item_name: 'no such thing' }, 'item_name', 'is no item of Team Fortress 2'],
  ['no object', [1], '', 'must be a JSON object'],
])('%s is refused in one sentence', (_, raw, field, message) => {
  expect(faults(raw)).toEqual([{ field, message: expect.stringContaining(message) }])
})

test('every fault is told at once', () => {
  expect(faults({ item_defindex: -1, item_quality_id: 'x', max_inventory_size: 0 }).map((fault) => fault.field)).toEqual([
    'item_defindex',
    'item_quality_id',
    'max_inventory_size',
  ])
})

test('another type, item or filter is another job; verifying all is the same one', () => {
  const subjects = [
    { ...BAT },
    { ...BAT, request_type: 'BUY_ONLY' },
    { ...BAT, request_type: 'SELL_ONLY' },
    { ...BAT, max_inventory_size: 5 },
    { ...BAT, item_quality_id: 6 },
    { item_name: 'Strange Bat' },
    { listing_id: '440_1' },
  ].map((raw) => subjectOf(params.parse(raw)))
  expect(new Set(subjects).size).toBe(subjects.length)
  expect(subjectOf(params.parse({ ...BAT, verify_all: true }))).toBe(subjectOf(params.parse(BAT)))
})

test('params that were parsed are parsed to the same', () => {
  for (const raw of [{ ...BAT, max_inventory_size: 3 }, { item_name: 'Strange Bat' }, { listing_id: '440_1' }]) {
    const once = params.parse(raw)
    expect(params.parse(JSON.parse(JSON.stringify(once)))).toEqual(once)
  }
})

test('a job says what it reads', () => {
  expect(label(request(BAT))).toBe('all listings of item 190;11')
  expect(label(request({ item_name: 'Strange Bat', request_type: 'BUY_ONLY' }))).toBe('buy orders of Strange Bat')
  expect(label(request({ listing_id: '440_1' }))).toBe('listing 440_1')
})
