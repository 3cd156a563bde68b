import { numbersOf } from '../../../backend/sources/tf2/inventory'

/* What Steam's inventories say of an item, in the shape they really have: a link to the wiki, and a tag. */

const wiki = (id: number) => ({
  link: `http://wiki.teamfortress.com/scripts/itemredirect.php?id=${id}&lang=en_US`,
  name: 'Item Wiki Page...',
})
const inspect = { link: 'steam://rungame/440/7656/+tf_econ_item_preview%20S%owner_steamid%A%assetid%D331', name: 'Inspect in Game...' }
const quality = (name: string) => ({ category: 'Quality', internal_name: name, localized_tag_name: 'Unusual', color: '8650AC' })
const type = { category: 'Type', internal_name: 'misc' }

test.each([
  ['Normal', 0],
  ['rarity1', 1],
  ['vintage', 3],
  ['rarity4', 5],
  ['Unique', 6],
  ['community', 7],
  ['developer', 8],
  ['selfmade', 9],
  ['strange', 11],
  ['haunted', 13],
  ['collectors', 14],
  ['paintkitweapon', 15],
])('the quality %s is %d', (name, number) =>
  expect(numbersOf({ actions: [wiki(109), inspect], tags: [quality(name), type] })).toEqual([109, number]),
)

test('defindex 0 is a defindex, wherever the link has it', () => {
  expect(numbersOf({ actions: [inspect, wiki(0)], tags: [type, quality('strange')] })).toEqual([0, 11])
  expect(
    numbersOf({
      actions: [{ link: 'https://wiki.teamfortress.com/scripts/itemredirect.php?lang=en_US&id=190' }],
      tags: [quality('strange')],
    }),
  ).toEqual([190, 11])
})

test('numbers are taken where they are given', () => expect(numbersOf({ app_data: { def_index: 190, quality: 11 } })).toEqual([190, 11]))

test.each([
  ['no link', { actions: [inspect], tags: [quality('strange')] }],
  ['no quality', { actions: [wiki(190)], tags: [type] }],
  ['a quality nobody knows', { actions: [wiki(190)], tags: [quality('rarity9')] }],
  ['nulls', { actions: null, tags: null, app_data: null }],
])('%s tells nothing', (_, description) => expect(numbersOf(description)).toBeUndefined())
