import type { Format, ISchema, SchemaEnum } from 'tf2-item-format'

/*
 * The game's item schema, as far as names are made of it: reduced at build time by scripts/lib/tf2-schema.js.
 */

interface Reduced {
  /** Defindex, name without anything before it, and whether a Unique one begins with "The". */
  items: [number, string, 0 | 1][]
  effects: Record<string, string>
  textures: Record<string, string>
  wears: Record<string, string>
  killstreaks: Record<string, string>
  qualities: Record<string, string>
}

export interface ItemSchema {
  format: Format
  /** The name of a defindex without quality or anything else before it. */
  baseName(defindex: number): string | undefined
  /** Every defindex of a name without anything before it. */
  defindexes(baseName: string): readonly number[]
  /** Whether there is such a quality. */
  isQuality(quality: number): boolean
}

/** Both directions, as the package wants an enum. */
const bothWays = (names: Record<string, string>): SchemaEnum =>
  ({ ...Object.fromEntries(Object.entries(names).map(([key, name]) => [name, Number(key)])), ...names }) as SchemaEnum

const isNumber = (value: number | string): boolean => /^\d+$/.test(String(value))

function read(): ItemSchema {
  // The package and half a megabyte of names: only a worker of this source, or a command of it, needs them.
  const { createFormat } = require('tf2-item-format') as typeof import('tf2-item-format')
  const { data } = require('./schema-data') as { data: Reduced }
  const byDefindex = new Map(data.items.map(([defindex, name]) => [defindex, name]))
  const byName = new Map<string, number[]>()
  for (const [defindex, name] of data.items) byName.set(name, [...(byName.get(name) ?? []), defindex])
  const proper = new Set(data.items.filter(([, , the]) => the === 1).map(([, name]) => name))
  const [effects, textures, wears, killstreaks, qualities] = [
    data.effects,
    data.textures,
    data.wears,
    data.killstreaks,
    data.qualities,
  ].map(bothWays) as [SchemaEnum, SchemaEnum, SchemaEnum, SchemaEnum, SchemaEnum]
  const nameIn = (names: SchemaEnum) => (key: number | string) => (isNumber(key) ? names[key as number] : String(key)) as string
  const enumIn = (names: SchemaEnum) => (key: number | string) => (isNumber(key) ? Number(key) : names[String(key)]) as number
  const getName = (key: number | string) => (isNumber(key) ? byDefindex.get(Number(key)) : String(key)) as string
  const schema: ISchema = {
    getVersion: () => 1,
    getDefindex: (key) => (isNumber(key) ? Number(key) : (byName.get(String(key))?.[0] ?? null)),
    getName,
    getEffectName: nameIn(effects),
    getWearName: nameIn(wears),
    getKillstreakName: nameIn(killstreaks),
    getTextureName: nameIn(textures),
    getQualityName: nameIn(qualities),
    getEffectEnum: enumIn(effects),
    getWearEnum: enumIn(wears),
    getKillstreakEnum: enumIn(killstreaks),
    getTextureEnum: enumIn(textures),
    getQualityEnum: enumIn(qualities),
    getTextures: () => textures,
    getEffects: () => effects,
    getItems: () =>
      data.items.map(([defindex, name]) => ({
        defindex,
        name,
        item_name: name,
        item_class: '',
        item_type_name: '',
        proper_name: proper.has(name),
      })),
    isUniqueHat: (key) => proper.has(getName(key)),
    getCrateNumber: () => 0,
  }
  return {
    format: createFormat(schema),
    baseName: (defindex) => byDefindex.get(defindex),
    defindexes: (name) => byName.get(name) ?? [],
    isQuality: (quality) => Object.hasOwn(data.qualities, String(quality)),
  }
}

let schema: ItemSchema | undefined

/** The schema, read once. */
export const itemSchema = (): ItemSchema => {
  schema ??= read()
  return schema
}
