import { between, pick } from '../base/random'
import { BLUEPRINTS, CONTAINERS, FLAGS, GOODS } from './goods'
import type { Item } from './shapes'

const CAPSULES = new Set([670, 33328])
const CARGO = 5

/** What was aboard: dropped or destroyed, some of it in a container, now and then a blueprint copy (singleton 2). */
export function itemsOf(ship: number, roll: () => number): Item[] {
  if (CAPSULES.has(ship)) return []
  const items = Array.from({ length: between(0, 24, roll()) }, () => item(pick(GOODS, roll())[0], pick(FLAGS, roll()), roll))
  if (roll() < 0.04) items.push({ ...item(pick(BLUEPRINTS, roll())[0], CARGO, roll), singleton: 2 })
  if (roll() < 0.05) items.push(container(roll))
  return items
}

function item(type: number, flag: number, roll: () => number): Item {
  const amount = flag === CARGO ? between(1, 2000, roll() ** 4) : 1
  const base = { flag, item_type_id: type, singleton: 0 }
  return roll() < 0.45 ? { ...base, quantity_dropped: amount } : { ...base, quantity_destroyed: amount }
}

function container(roll: () => number): Item {
  const inside = Array.from({ length: between(1, 8, roll()) }, () => item(pick(GOODS, roll())[0], 0, roll))
  if (roll() < 0.3) inside.push({ ...item(pick(BLUEPRINTS, roll())[0], 0, roll), singleton: 2 })
  return { ...item(pick(CONTAINERS, roll())[0], CARGO, roll), items: inside }
}
