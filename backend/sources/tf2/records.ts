import { createHash } from 'node:crypto'
import { z } from 'zod'
import { APP, buyId, type Intent, intentOf, sellId } from './ids'

/*
 * Listings as backpack.tf writes them: whole ones (getListing and events carry the same document), and the short ones of a snapshot.
 * Types are loose there: numbers come as texts, parts as null, and currencies and statuses that nobody has documented.
 */

/** Text columns cannot hold a NUL. */
const text = z.string().transform((value) => value.replaceAll('\0', ''))
const optionalText = text.nullish().transform((value) => value ?? null)
const loose = z.union([z.number(), z.string()])
const steamId = z.string().regex(/^\d{17}$/, 'is no Steam id')
const seconds = z.coerce.number().int().nonnegative()
const amount = z.coerce.number().finite().nonnegative()
const currencies = z.record(z.string(), amount.nullable())

const item = z.object({
  appid: z.number().optional(),
  name: text.pipe(z.string().min(1)),
  marketName: optionalText,
  defindex: z.coerce.number().int().nonnegative(),
  quality: z.object({ id: z.coerce.number().int().nullish(), color: optionalText }).nullish(),
  tradable: z.boolean().nullish(),
  craftable: z.boolean().nullish(),
  particle: z.object({ name: optionalText, type: optionalText }).nullish(),
  paint: z.object({ id: loose.nullish(), name: optionalText, color: optionalText, secondaryHex: optionalText }).nullish(),
  spells: z.array(z.object({ id: loose.nullish() })).nullish(),
  strangeParts: z.array(z.object({ id: loose.nullish() })).nullish(),
})

/** A whole listing. */
export const listing = z.object({
  id: z.string().refine((id) => intentOf(id) !== undefined, 'is no id of a Team Fortress 2 listing'),
  steamid: steamId,
  appid: z.literal(APP, { error: 'is not 440, Team Fortress 2' }),
  currencies,
  value: z.object({ raw: amount.nullish(), short: optionalText, long: optionalText }).nullish(),
  details: optionalText,
  listedAt: seconds,
  bumpedAt: seconds.nullish(),
  intent: z.enum(['buy', 'sell']),
  status: optionalText,
  item,
  userAgent: z.object({ client: optionalText }).nullish(),
  user: z
    .object({
      name: optionalText,
      premium: z.boolean().nullish(),
      online: z.boolean().nullish(),
      banned: z.boolean().nullish(),
      tradeOfferUrl: optionalText,
    })
    .nullish(),
})
export type Listing = z.infer<typeof listing>

/** A listing of a snapshot. */
export const shortListing = z.object({
  steamid: steamId,
  intent: z.enum(['buy', 'sell']),
  timestamp: seconds,
  bump: seconds.nullish(),
  price: amount.nullish(),
  currencies,
  item: z.object({ id: loose.nullish() }).nullish(),
})
export type ShortListing = z.infer<typeof shortListing>

/** The id of a snapshot's listing; undefined where a sell order does not name its item. */
export function idOf({ intent, steamid, item: its }: ShortListing, name: string): string | undefined {
  if (intent === 'buy') return buyId(steamid, name)
  const asset = its?.id
  return asset === undefined || asset === null || !/^\d{1,20}$/.test(String(asset)) ? undefined : sellId(String(asset))
}

/** What both forms of a listing say; equal marks mean that asking for the whole one would tell nothing new. */
interface Mark {
  listedAt: number
  bumpedAt?: number | null
  price?: number | null
  currencies: Record<string, number | null>
}

/** A short text that is equal for equal marks. */
export function markOf({ listedAt, bumpedAt, price, currencies: held }: Mark): string {
  const paid = Object.entries(held)
    .filter(([, value]) => value)
    .map(([name, value]) => `${name}=${(value as number).toFixed(2)}`)
    .sort()
  return [listedAt, bumpedAt ?? '', price === undefined || price === null ? '' : price.toFixed(2), ...paid].join(' ')
}

export const markOfShort = ({ timestamp, bump, price, currencies: held }: ShortListing): string =>
  markOf({ listedAt: timestamp, bumpedAt: bump, price, currencies: held })

/** Content of a row of `tf2.listings`, by column. */
export interface Content {
  steamid: string
  appid: number
  item_defindex: number
  item_quality_id: number | null
  intent: Intent
  item_name: string
  market_name: string | null
  metal: number | null
  keys: number | null
  currencies: Record<string, number | null>
  raw_value: number | null
  short_value: string | null
  long_value: string | null
  details: string | null
  listed_at: number
  bumped_at: number | null
  status: string | null
  user_agent_client: string | null
  user_name: string | null
  user_premium: boolean | null
  user_online: boolean | null
  user_banned: boolean | null
  user_trade_offer_url: string | null
  item_tradable: boolean | null
  item_craftable: boolean | null
  item_quality_color: string | null
  item_particle_name: string | null
  item_particle_type: string | null
  spell_ids: string[]
  strange_part_ids: string[]
  paint_id: string | null
  paint_name: string | null
  paint_color: string | null
  paint_secondary_hex: string | null
  mark: string
}

const idsOf = (parts: readonly { id?: string | number | null }[] | null | undefined): string[] =>
  (parts ?? []).flatMap(({ id }) => (id === undefined || id === null ? [] : [String(id)]))

const orNull = <T>(value: T | null | undefined): T | null => value ?? null

/** The row of a whole listing. The name decides whether an item can be crafted with: the field is unreliable, says backpack.tf's own staff. */
export function contentOf(it: Listing): Content {
  const { item: its, user, value } = it
  return {
    steamid: it.steamid,
    appid: it.appid,
    item_defindex: its.defindex,
    item_quality_id: orNull(its.quality?.id),
    intent: it.intent,
    item_name: its.name,
    market_name: its.marketName,
    metal: orNull(it.currencies.metal),
    keys: orNull(it.currencies.keys),
    currencies: it.currencies,
    raw_value: orNull(value?.raw),
    short_value: orNull(value?.short),
    long_value: orNull(value?.long),
    details: it.details,
    listed_at: it.listedAt * 1000,
    bumped_at: it.bumpedAt === undefined || it.bumpedAt === null ? null : it.bumpedAt * 1000,
    status: it.status,
    user_agent_client: orNull(it.userAgent?.client),
    user_name: orNull(user?.name),
    user_premium: orNull(user?.premium),
    user_online: orNull(user?.online),
    user_banned: orNull(user?.banned),
    user_trade_offer_url: orNull(user?.tradeOfferUrl),
    item_tradable: orNull(its.tradable),
    item_craftable: its.name.startsWith('Non-Craftable ') ? false : orNull(its.craftable),
    item_quality_color: orNull(its.quality?.color),
    item_particle_name: orNull(its.particle?.name),
    item_particle_type: orNull(its.particle?.type),
    spell_ids: idsOf(its.spells),
    strange_part_ids: idsOf(its.strangeParts),
    paint_id: its.paint?.id === undefined || its.paint.id === null ? null : String(its.paint.id),
    paint_name: orNull(its.paint?.name),
    paint_color: orNull(its.paint?.color),
    paint_secondary_hex: orNull(its.paint?.secondaryHex),
    mark: markOf({ listedAt: it.listedAt, bumpedAt: it.bumpedAt, price: value?.raw, currencies: it.currencies }),
  }
}

/** Whether the owner is online says nothing of the listing, and changes all day. */
const UNIMPORTANT = new Set(['user_online'])

/** A hash that is another whenever what a listing says is. */
export const fingerprintOf = (content: Content): string =>
  createHash('sha1')
    .update(JSON.stringify(Object.entries(content).filter(([name]) => !UNIMPORTANT.has(name))))
    .digest('hex')
