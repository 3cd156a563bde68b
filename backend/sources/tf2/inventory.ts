import { z } from 'zod'
import { RetryLater } from '../../base/errors'
import type { Io } from '../../contract'
import type { Inventory } from './store'

/*
 * Inventories of the Steam community. They do not give an item's numbers as numbers: the defindex is in the link to the wiki, the
 * quality is a tag.
 */

/** Items a request for an inventory may bring; more than 1,000 has been refused at times. */
const PAGE = 1000

/** Qualities by the names that Steam's tags give them. */
const QUALITIES: Record<string, number> = {
  normal: 0,
  rarity1: 1,
  rarity2: 2,
  vintage: 3,
  rarity3: 4,
  rarity4: 5,
  unique: 6,
  community: 7,
  developer: 8,
  selfmade: 9,
  customized: 10,
  strange: 11,
  completed: 12,
  haunted: 13,
  collectors: 14,
  paintkitweapon: 15,
}

/** Numbers or text; 0 is what assets without an instance have. */
const id = z.union([z.string(), z.number()]).transform(String)
const instanceid = id.nullish().transform((it) => it ?? '0')

const description = z.object({
  classid: id,
  instanceid,
  /** Other ways to read an inventory give the numbers. */
  app_data: z.object({ def_index: z.coerce.number(), quality: z.coerce.number() }).partial().nullish(),
  actions: z.array(z.object({ link: z.string() }).partial()).nullish(),
  tags: z.array(z.object({ category: z.string(), internal_name: z.string() }).partial()).nullish(),
})
type Description = z.infer<typeof description>

const inventory = z
  .object({
    success: z.union([z.number(), z.boolean()]).nullish(),
    error: z.string().nullish(),
    total_inventory_count: z.coerce.number().nullish(),
    assets: z.array(z.object({ assetid: id, classid: id, instanceid })).nullish(),
    descriptions: z.array(description).nullish(),
    more_items: z.coerce.number().nullish(),
    last_assetid: id.nullish(),
  })
  .nullable()

/** Where an inventory of several pages goes on. */
export interface PartInventory extends Inventory {
  after?: string
}

/** The defindex and the quality that a description tells; undefined where it tells only one of them or none. */
export function numbersOf({
  app_data: data,
  actions,
  tags,
}: Pick<Description, 'app_data' | 'actions' | 'tags'>): [number, number] | undefined {
  const links = (actions ?? []).map(({ link }) => /itemredirect\.php\?(?:.*&)?id=(\d+)/.exec(link ?? '')?.[1])
  const linked = links.find((it) => it !== undefined)
  const tag = (tags ?? []).find(({ category }) => category === 'Quality')?.internal_name
  const defindex = data?.def_index ?? (linked === undefined ? undefined : Number(linked))
  const quality = data?.quality ?? QUALITIES[tag?.toLowerCase() ?? '']
  return defindex === undefined || quality === undefined ? undefined : [defindex, quality]
}

/**
 * One page of a seller's inventory, with what came before it.
 * @returns why it cannot be known, or the inventory; `after` is set while it goes on
 * @throws {RetryLater} when Steam fails
 */
export async function readInventory(io: Io, steamid: string, before?: PartInventory): Promise<PartInventory | { unknown: string }> {
  const query = new URLSearchParams({ l: 'english', count: String(PAGE), ...(before?.after ? { start_assetid: before.after } : {}) })
  const answer = await io.http('steam').request({ path: `/inventory/${steamid}/440/2?${query}`, schema: inventory, accept: [401, 403] })
  if (answer.status === 401 || answer.status === 403) return { unknown: 'the inventory is private' }
  const page = answer.data
  if (!page || page.error)
    throw new RetryLater('steam', `Steam gives no inventory of ${steamid}${page?.error ? `: ${page.error.slice(0, 100)}` : ''}`)
  // One item in many places is told apart by its asset; what describes it may be shared.
  const described = new Map((page.descriptions ?? []).map((one) => [`${one.classid}_${one.instanceid}`, numbersOf(one)]))
  const items = new Map((before?.items ?? []).map((item) => [item[0], item]))
  for (const { assetid, classid, instanceid } of page.assets ?? []) {
    const numbers = described.get(`${classid}_${instanceid}`)
    if (!numbers) return { unknown: 'the inventory is incomplete: an item has no description' }
    items.set(assetid, [assetid, ...numbers])
  }
  const all = [...items.values()]
  const isFurther = page.last_assetid && page.last_assetid !== before?.after
  if (page.more_items && isFurther) return { steamid, items: all, after: page.last_assetid as string }
  const total = page.total_inventory_count ?? all.length
  return all.length < total ? { unknown: `the inventory is incomplete: ${all.length} of ${total} items` } : { steamid, items: all }
}
