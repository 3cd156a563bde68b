import { shortOf } from '../../../backend/sandbox/tf2/documents'
import { contentOf, fingerprintOf, idOf, listing, markOfShort, shortListing } from '../../../backend/sources/tf2/records'
import { eventMoment } from '../../../backend/sources/tf2/truth'
import { documentFor, market } from '../../support/tf2'

test('the mark of a whole listing is that of the short one', () => {
  for (const offer of market({ buys: 3, sells: 3 }).all()) {
    const short = shortListing.parse(shortOf(offer, true))
    expect(contentOf(listing.parse(documentFor(offer))).mark).toBe(markOfShort(short))
    expect(idOf(short, offer.item.name)).toBe(offer.id)
  }
})

test('a sell order whose item is not named has no id', () => {
  const [offer] = market().listed('Strange Bat')
  expect(offer?.intent).toBe('sell')
  expect(idOf(shortListing.parse(shortOf(offer as never, false)), 'Strange Bat')).toBeUndefined()
})

test.each([
  ['a price in hats', { currencies: { metal: 1.5, hat: 1 } }, { metal: 1.5, currencies: { metal: 1.5, hat: 1 } }],
  ['a price in dollars', { currencies: { usd: 4.2 } }, { metal: null, keys: null, currencies: { usd: 4.2 } }],
  ['half a key', { currencies: { keys: 12.5 } }, { keys: 12.5 }],
  ['an unknown status', { odd: { status: 'sus' } }, { status: 'sus' }],
  ['a paint without an id', { oddItem: { paint: { id: null, name: '#67c69a' } } }, { paint_id: null, paint_name: '#67c69a' }],
  ['no quality', { oddItem: { quality: null } }, { item_quality_id: null }],
  ['a text for a number', { oddItem: { defindex: '190' } }, { item_defindex: 190 }],
  ['a NUL', { details: 'a\0b' }, { details: 'ab' }],
  ['a name that says it', { oddItem: { name: 'Non-Craftable Bat', craftable: true } }, { item_craftable: false }],
  [
    'strange parts',
    { oddItem: { strangeParts: [{ id: 10 }], spells: [{ id: 'SPELL: x' }] } },
    { strange_part_ids: ['10'], spell_ids: ['SPELL: x'] },
  ],
])('%s is stored', (_, change, content) => {
  expect(contentOf(listing.parse(documentFor(change as never)))).toMatchObject(content)
})

test.each([
  ['another app', { odd: { appid: 730 } }, 'appid'],
  ['no Steam id', { steamid: 'x' }, 'steamid'],
  ['no intent', { odd: { intent: 'rent' } }, 'intent'],
  ['no name', { oddItem: { name: '' } }, 'name'],
  ['an odd id', { id: '440_x' }, 'id'],
])('%s is no listing', (_, change, field) => {
  const parsed = listing.safeParse(documentFor(change as never))
  expect(parsed.error?.issues[0]?.path.join('.')).toContain(field)
})

test('a trader who comes online changes nothing', () => {
  const content = contentOf(listing.parse(documentFor()))
  expect(fingerprintOf({ ...content, user_online: !content.user_online })).toBe(fingerprintOf(content))
  expect(fingerprintOf({ ...content, details: 'other' })).not.toBe(fingerprintOf(content))
})

test('the id of an event says when it was', () => {
  expect(eventMoment('66aea93ed95b58671208f620')).toEqual({ at: 1722722622, rank: 2, event: '66aea93ed95b58671208f620' })
  expect(eventMoment('66aea93e')).toBeUndefined()
  expect(eventMoment('66AEA93ED95B58671208F620')).toBeUndefined()
})
