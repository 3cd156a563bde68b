import type { Arrival } from '../../backend/sandbox/base/arrivals'
import { tf2 } from '../../backend/sources/tf2'
import type { Bench } from '../base/harness'
import { completed, startJobs } from '../base/jobs'
import { openUpstream } from '../base/upstream'

/** Requests a minute that backfills may send: 60, of which a tenth is reserved for live requests. */
const A_MINUTE = 54
const MINUTE_MS = 60_000
const STEAM_MS = 10_000
const HOUR_MS = 3_600_000
/** Items of the sandbox, each of another name. */
const ITEMS = [
  { item_defindex: 190, item_quality_id: 11 },
  { item_defindex: 5021, item_quality_id: 6 },
  { item_defindex: 5020, item_quality_id: 6 },
  { item_defindex: 1012, item_quality_id: 6 },
  { item_defindex: 18, item_quality_id: 11 },
]
/** Its sellers are read one by one. */
const FILTERED = { ...ITEMS[0], max_inventory_size: 10 }

/** When each request came after the first, ms. */
const momentsOf = (arrivals: readonly Arrival[]): number[] => {
  const moments = arrivals.map(({ at }) => at).sort((a, b) => a - b)
  return moments.map((at) => at - (moments[0] as number))
}

/** Whole items at the limits of backpack.tf and Steam, against the least time that the limits allow. */
export const tf2Full: Bench = {
  about: 'FULL of items with 20 buy and 30 sell orders at real limits: time against the least that the limits allow',
  sizes: {
    items: { full: 4, small: 2, about: 'items read at once; a window of a minute has room for one of them' },
    filtered: { full: 1, small: 0, about: 'items whose sellers are read as well: 30 inventories, one in 10 s' },
  },
  async run(ground, { items = 0, filtered = 0 }) {
    const { sandbox, env } = await openUpstream(ground, { scale: 1, speed: 1, seed: 5, repos: 1, pdses: 1, buys: 20, sells: 30 })
    await ground.start('backend/bin/scheduler.js', [], env)
    await ground.start('backend/bin/worker.js', ['worker-listings'], env)
    const read = async (requests: object[]) => {
      sandbox.reset()
      await ground.db.query('truncate tf2.listings, tf2.inventories, backhaul.gates cascade')
      for (const { id } of await startJobs(ground, tf2, requests)) await completed(ground, id, HOUR_MS)
      const [row] = await ground.db.query<{ n: number }>('select count(*)::int as n from tf2.listings where not is_deleted')
      if (row?.n !== 50 * requests.length) throw new Error(`${row?.n} listings were written instead of ${50 * requests.length}`)
      const violations = sandbox.violations().total
      if (violations > 0) throw new Error(`${violations} requests broke a limit`)
      return { backpack: momentsOf(sandbox.requests('backpacktf')), steam: momentsOf(sandbox.requests('steam')) }
    }
    const { backpack } = await read(ITEMS.slice(0, items))
    const ideal = Math.floor((backpack.length - 1) / A_MINUTE) * MINUTE_MS
    const figures = [
      { name: 'requests an item', values: [backpack.length / items], atMost: 51 },
      { name: 'least time for them', unit: 's', values: [ideal / 1000] },
      // The last window is not used up: what counts is when it opens.
      { name: 'time / least time', values: [(backpack[(ideal / MINUTE_MS) * A_MINUTE] as number) / ideal], atMost: 1.02 },
    ]
    for (let n = 0; n < filtered; n++) {
      const { steam } = await read([FILTERED])
      const least = (steam.length - 1) * STEAM_MS
      figures.push(
        { name: 'inventories with a filter', values: [steam.length], atMost: 30 },
        { name: 'least time for them', unit: 's', values: [least / 1000] },
        { name: 'time / least time', values: [(steam.at(-1) as number) / least], atMost: 1.02 },
      )
    }
    return figures
  },
}
