import { itemSchema } from './schema'

/*
 * The name is the key of an item on backpack.tf: a snapshot is asked by it, and the id of a buy order holds its hash. A defindex
 * and a quality are many names (effects, killstreaks, Australium, craftability split them), and one name has several defindexes.
 */

export const UNUSUAL = 5

/** Which items a request is about, by the numbers people know them by. */
export interface Pair {
  defindex: number
  quality: number
}

/** The defindexes that share the name of this one, itself among them: 0 and 190 are both the Bat. */
export function aliasesOf(defindex: number): number[] {
  const { baseName, defindexes } = itemSchema()
  const name = baseName(defindex)
  const found = name === undefined ? [] : defindexes(name)
  return [...new Set([defindex, ...found])].sort((a, b) => a - b)
}

/**
 * The name of a craftable item that is nothing but of this quality: `Strange Bat`, `The Wilson Weave`.
 * @returns undefined when the game has no such item or quality
 */
export function plainName({ defindex, quality }: Pair): string | undefined {
  const { baseName, format, isQuality } = itemSchema()
  if (baseName(defindex) === undefined || !isQuality(quality)) return undefined
  return format.stringify({ defindex, quality, craftable: true }, { determineUniqueHat: true })
}

/** An item as people name it, with its numbers. */
export interface NamedItem extends Pair {
  /** As the site writes it: with "The" where it belongs. */
  name: string
}

/**
 * The item of a full name, such as `Burning Flames Team Captain`.
 * @returns undefined for a name that is none: written anew from its parts it becomes another, or there is no such item
 */
export function itemNamed(text: string): NamedItem | undefined {
  const { baseName, format } = itemSchema()
  const { defindex, quality } = format.parseString(text, true, true)
  if (typeof defindex !== 'number' || baseName(defindex) === undefined || typeof quality !== 'number') return undefined
  const name = format.stringify(format.parseString(text, false, false), { determineUniqueHat: true })
  return comparable(name) === comparable(text) ? { name, defindex, quality } : undefined
}

/** People leave the article out or put it in. */
const comparable = (name: string): string => name.trim().replace(/^The /, '')
