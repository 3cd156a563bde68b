/*
 * What is traded in the sandbox: items whose names, numbers and oddities are those of the game.
 */

export interface Item {
  name: string
  marketName: string
  /** Numbers of the item in sell orders and inventories; buy orders name the first of `buyAs`. */
  defindex: number
  buyAs: number
  quality: { id: number; name: string; color: string }
  particle?: { id: number; name: string; type: string }
  /** Typical price in refined metal. */
  price: number
}

/** Metal in a key. */
export const KEY = 60

const UNIQUE = { id: 6, name: 'Unique', color: '#FFD700' }
const STRANGE = { id: 11, name: 'Strange', color: '#CF6A32' }
const UNUSUAL = { id: 5, name: 'Unusual', color: '#8650AC' }

const HEADTAKER = "Horseless Headless Horsemann's Headtaker"
const headtaker = (effect: string, id: number, price: number): Item => ({
  name: `${effect} ${HEADTAKER}`,
  marketName: `Unusual ${HEADTAKER}`,
  defindex: 266,
  buyAs: 266,
  quality: UNUSUAL,
  particle: { id, name: effect, type: 'standard' },
  price,
})

export const ITEMS: readonly Item[] = [
  { name: 'Strange Bat', marketName: 'Strange Bat', defindex: 190, buyAs: 0, quality: STRANGE, price: 4.5 },
  { name: 'Mann Co. Supply Crate Key', marketName: 'Mann Co. Supply Crate Key', defindex: 5021, buyAs: 5021, quality: UNIQUE, price: KEY },
  { name: 'Name Tag', marketName: 'Name Tag', defindex: 5020, buyAs: 2093, quality: UNIQUE, price: 9 },
  { name: 'The Wilson Weave', marketName: 'The Wilson Weave', defindex: 1012, buyAs: 1012, quality: UNIQUE, price: 1.5 },
  { name: 'Strange Rocket Launcher', marketName: 'Strange Rocket Launcher', defindex: 205, buyAs: 18, quality: STRANGE, price: 7 },
  headtaker('Burning Flames', 13, 12_000),
  headtaker('Scorching Flames', 14, 11_000),
  { name: 'Non-Craftable Name Tag', marketName: 'Name Tag', defindex: 5020, buyAs: 2093, quality: UNIQUE, price: 6 },
]

export const itemNamed = (name: string): Item | undefined => ITEMS.find((item) => item.name === name)
