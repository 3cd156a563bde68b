import { atproto } from '../../backend/sources/atproto'
import { commerce } from '../../backend/sources/commerce'
import { toastmasters } from '../../backend/sources/toastmasters'
import { choiceOf, wordOptions } from '../../scripts/cli/source-words'

test('each word is one option, with the sources whose jobs it is for', () => {
  expect(wordOptions([{ name: 'plain' }, commerce, toastmasters, { name: 'other', grid: { row: 'account', column: 'month' } }])).toEqual([
    { flag: '--account <label>', about: 'only failed tasks of this account, in jobs of commerce and other' },
    { flag: '--entity <label>', about: 'only failed tasks of this entity, in jobs of commerce' },
    { flag: '--district <label>', about: 'only failed tasks of this district, in jobs of toastmasters' },
    { flag: '--date <label>', about: 'only failed tasks of this date, in jobs of toastmasters' },
    { flag: '--slot <label>', about: 'only failed tasks of this slot, in jobs of toastmasters' },
    { flag: '--month <label>', about: 'only failed tasks of this month, in jobs of other' },
  ])
})

test('a word of the source chooses its row or column, besides what else is chosen', () => {
  expect(choiceOf(commerce, { entity: 'orders', stream: 'etsy_orders' })).toEqual({ column: 'orders', stream: 'etsy_orders' })
  expect(choiceOf(toastmasters, { district: '42', date: '2024-01-31' })).toEqual({ row: '42', column: '2024-01-31' })
  expect(choiceOf(atproto, { host: 'pds.example' })).toEqual({ lane: 'pds.example' })
  // A seller's account is a row of the grid and a lane: the row is meant.
  expect(choiceOf(commerce, { account: 'etsy/4711' })).toEqual({ row: 'etsy/4711' })
  expect(choiceOf({ name: 'plain' }, { row: 'a', column: undefined })).toEqual({ row: 'a' })
})

test('a word of another source, and a row or column that is named twice, are refused', () => {
  expect(() => choiceOf(toastmasters, { entity: 'orders' })).toThrow('Jobs of toastmasters have no entity; leave --entity out.')
  expect(() => choiceOf(commerce, { entity: 'orders', column: 'payments' })).toThrow(
    '--entity and --column name the same; leave one of them out.',
  )
})
