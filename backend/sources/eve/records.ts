import { createHash } from 'node:crypto'
import { z } from 'zod'
import { instantOf } from '../../base/moments'

/*
 * Killmails as ESI and zKillboard write them, and as we keep them. Loose on extra fields, strict on what is stored.
 */

const integer = z.number().int()
const id = integer.nonnegative()
const maybe = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null)
const someone = { character_id: maybe(id), corporation_id: maybe(id), alliance_id: maybe(id), faction_id: maybe(id) }

/** A time as we keep it, in UTC; upstreams have left the zone out. */
export const time = z.string().transform((text, ctx) => {
  const at = instantOf(text)
  // Before 1970 there is no EVE, and the database takes no year 0.
  if (at !== undefined && at >= 0) return new Date(at).toISOString().replace('.000Z', 'Z')
  ctx.addIssue({ code: 'custom', message: `is no time: ${JSON.stringify(text.slice(0, 40))}` })
  return z.NEVER
})

interface RawItem {
  item_type_id: number
  flag: number
  singleton: number
  quantity_dropped: number | null
  quantity_destroyed: number | null
  items: RawItem[] | null
}
const item: z.ZodType<RawItem> = z.object({
  item_type_id: id,
  flag: z.int32(),
  singleton: z.int32(),
  quantity_dropped: maybe(integer),
  quantity_destroyed: maybe(integer),
  items: maybe(z.array(z.lazy(() => item))),
}) as z.ZodType<RawItem>

/** A killmail body in ESI's shape: https://developers.eveonline.com/api-explorer, `GET /killmails/{id}/{hash}`. */
export const body = z.object({
  killmail_id: id,
  killmail_time: time,
  solar_system_id: id,
  war_id: maybe(id),
  moon_id: maybe(id),
  victim: z.object({
    ...someone,
    ship_type_id: id,
    damage_taken: integer,
    position: maybe(z.object({ x: z.number(), y: z.number(), z: z.number() })),
    items: maybe(z.array(item)),
  }),
  attackers: z.array(
    z.object({
      ...someone,
      ship_type_id: maybe(id),
      weapon_type_id: maybe(id),
      damage_done: integer,
      final_blow: z.boolean(),
      security_status: z.number(),
    }),
  ),
})
export type Body = z.infer<typeof body>

/** Odd values are left out: the killmail is worth more than zKillboard's figures about it. */
const orNull = <T extends z.ZodType>(schema: T) =>
  schema
    .nullish()
    .catch(null)
    .transform((value) => value ?? null)
const figure = orNull(z.number())
/**
 * zKillboard's own block; some killmails are listed without it. Its hash is not always one: trailing spaces, the text
 * `CCP VERIFIED`; where it is missing, null or blank it is empty here.
 */
export const zkb = z.preprocess(
  (raw) => (typeof raw === 'object' && raw !== null && !Array.isArray(raw) ? raw : {}),
  z.object({
    hash: z
      .string()
      .catch('')
      .transform((text) => (text.trim() === '' ? '' : text.replaceAll('\0', ''))),
    locationID: orNull(integer),
    fittedValue: figure,
    droppedValue: figure,
    destroyedValue: figure,
    totalValue: figure,
    totalDroppableValue: figure,
    points: orNull(
      z
        .number()
        .min(-(2 ** 31))
        .max(2 ** 31 - 1),
    ),
    npc: orNull(z.boolean()),
    solo: orNull(z.boolean()),
    awox: orNull(z.boolean()),
    labels: orNull(z.array(z.string())),
  }),
)
export type Zkb = z.infer<typeof zkb>

/** A killmail as it is stored. */
export interface Killmail {
  id: string
  /** The hash ESI knows it by. */
  hash: string
  /** What zKillboard lists, where it lists one and it differs. */
  listedHash: string | null
  body: Body
  zkb: Zkb
}

/** 100 ns ticks since 1601, the clock EVE's servers count in. */
const filetime = (iso: string): bigint => BigInt(Date.parse(iso)) * 10_000n + 116_444_736_000_000_000n

/**
 * The hash of a killmail, from its body: SHA-1 over victim, final blow, ship and time as decimal text, `None` where a side
 * has no character. Community knowledge of many years; it proves these four fields and no others.
 */
export function hashOf({ victim, attackers, killmail_time }: Body): string {
  const final = attackers.find((attacker) => attacker.final_blow)
  const text = [victim.character_id ?? 'None', final?.character_id ?? 'None', victim.ship_type_id, filetime(killmail_time)].join('')
  return createHash('sha1').update(text).digest('hex')
}

/** One item with its place, containers before what they hold. */
export interface Item extends Omit<RawItem, 'items'> {
  seq: number
  parentSeq: number | null
}

/** The items of a killmail in a row, those inside containers too. */
export function itemsOf({ victim }: Body): Item[] {
  const all: Item[] = []
  const add = (items: RawItem[], parentSeq: number | null): void => {
    for (const { items: inside, ...rest } of items) {
      const seq = all.length
      all.push({ ...rest, seq, parentSeq })
      if (inside) add(inside, seq)
    }
  }
  add(victim.items ?? [], null)
  return all
}

/** How many rows a killmail becomes. */
export const rowsOf = ({ body }: Killmail): number => 2 + body.attackers.length + itemsOf(body).length

export type EntityKind = 'character' | 'corporation' | 'alliance' | 'type'
export type Entities = Record<EntityKind, string[]>

/** Who and what is in these killmails, each id once, in numeric order. */
export function entitiesOf(killmails: readonly Killmail[]): Entities {
  const found = { character: new Set<number>(), corporation: new Set<number>(), alliance: new Set<number>(), type: new Set<number>() }
  const add = (kind: EntityKind, value: number | null): void => {
    if (value) found[kind].add(value)
  }
  for (const { body } of killmails) {
    for (const one of [body.victim, ...body.attackers]) {
      add('character', one.character_id)
      add('corporation', one.corporation_id)
      add('alliance', one.alliance_id)
      add('type', one.ship_type_id)
    }
    for (const { weapon_type_id } of body.attackers) add('type', weapon_type_id)
    for (const { item_type_id } of itemsOf(body)) add('type', item_type_id)
  }
  const sorted = (ids: Set<number>): string[] => [...ids].sort((a, b) => a - b).map(String)
  return {
    character: sorted(found.character),
    corporation: sorted(found.corporation),
    alliance: sorted(found.alliance),
    type: sorted(found.type),
  }
}
