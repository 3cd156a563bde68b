import { buyId, hashOf, intentOf, sellId } from '../../../backend/sources/tf2/ids'
import { aliasesOf, itemNamed, plainName } from '../../../backend/sources/tf2/names'

/* Ids of real buy orders, and the names whose hash they hold. */
const REAL: [steamId: string, hash: string, name: string][] = [
  ['76561199229477354', 'd9f847ff5dfcf78576a9fca04cbf6c07', 'Mann Co. Supply Crate Key'],
  ['76561199574661225', 'a7832b3c6f42413c90bff860597f6c45', 'Strange Bat'],
  ['76561199072611396', '26b1c3911028c585c5bb08dd3a9b16b7', 'Time Warp Polar Pullover'],
  ['76561199193412191', '95998e17b14e51852c1e88bb4350d181', 'Strange Autumn Shotgun (Factory New)'],
  ['76561198096558252', 'c81e2ad1fab840f150a262022633a4b1', 'The Wilson Weave'],
  ['76561198301637708', '86755d7981f2b4ffb983b9d054ec0c27', "Strange Massed Flies Crone's Dome"],
  ['76561199101484822', '7bcfcefca8ffa5b69dba185f12a22f4b', 'Purple Energy Danger'],
  ['76561199072632479', '0aa4357eb8d3ed827ae2921807c27332', 'Smoking Tundra Top'],
]

test.each(REAL)('the id of the buy order of %s holds %s, the hash of %s', (steamId, hash, name) => {
  expect(buyId(steamId, name)).toBe(`440_${steamId}_${hash}`)
})

test('a name is hashed by its UTF-8 bytes', () => expect(hashOf('Épée – 王')).toBe('b5d0d1a1f64c672036a3791b845c6795'))

test.each([
  [440, '440_16525961480', 'sell'],
  [440, buyId('76561199229477354', 'Strange Bat'), 'buy'],
  [730, '730_16525961480', undefined],
  [440, '440_', undefined],
  [440, '440_1_2', undefined],
  [440, 'full', undefined],
  [440, `440_76561199229477354_${'A'.repeat(32)}`, undefined],
])('app %i: %s is an id of %s', (_, id, intent) => {
  expect(intentOf(id)).toBe(intent)
})

test('a sell order has the id of its item', () => expect(sellId('16525961480')).toBe('440_16525961480'))

test.each([
  [190, 11, 'Strange Bat'],
  [0, 11, 'Strange Bat'],
  [5021, 6, 'Mann Co. Supply Crate Key'],
  [2093, 6, 'Name Tag'],
  [5020, 6, 'Name Tag'],
  [1012, 6, 'The Wilson Weave'],
  [1012, 11, 'Strange Wilson Weave'],
  [463, 5, 'Unusual Taunt: The Schadenfreude'],
  [266, 5, "Unusual Horseless Headless Horsemann's Headtaker"],
])('item %i of quality %i is called %s', (defindex, quality, name) => expect(plainName({ defindex, quality })).toBe(name))

test('there is no name for an item or a quality that the game does not have', () => {
  expect(plainName({ defindex: 9_999_999, quality: 6 })).toBeUndefined()
  expect(plainName({ defindex: 190, quality: 77 })).toBeUndefined()
})

test('defindexes that share a name are aliases', () => {
  expect(aliasesOf(190)).toEqual([0, 190])
  expect(aliasesOf(0)).toEqual([0, 190])
  expect(aliasesOf(5020)).toEqual([2093, 5020])
  expect(aliasesOf(18)).toContain(205)
  expect(aliasesOf(9_999_999)).toEqual([9_999_999])
})

test.each([
  ['Strange Bat', 'Strange Bat', 11],
  ['Wilson Weave', 'The Wilson Weave', 6],
  ["Burning Flames Horseless Headless Horsemann's Headtaker", "Burning Flames Horseless Headless Horsemann's Headtaker", 5],
  ['Strange Professional Killstreak Australium Rocket Launcher', 'Strange Professional Killstreak Australium Rocket Launcher', 11],
  ['Non-Craftable Bat', 'Non-Craftable Bat', 6],
])('%s is the item %s of quality %i', (text, name, quality) => expect(itemNamed(text)).toMatchObject({ name, quality }))

test.each(['no such thing', 'Strange Nonsense', '', 'Strange', '190;11'])('"%s" is no item', (text) =>
  expect(itemNamed(text)).toBeUndefined(),
)
