/**
 * Writes backend/sources/tf2/schema-data.ts: of Team Fortress 2's item schema only what names are made of, a hundredth of its size.
 * usage: node scripts/lib/tf2-schema.js
 */
const { writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { schema } = require('tf2-item-format/static')
const { requireStatic } = require('tf2-static-schema')

const FILE = join(__dirname, '..', '..', 'backend', 'sources', 'tf2', 'schema-data.ts')

/** The enums of the package hold both directions; the numbers are enough. */
const byNumber = (both) => Object.fromEntries(Object.entries(both).filter(([key]) => /^\d+$/.test(key)))

const items = schema
  .getItems()
  .map(({ defindex }) => [defindex, schema.getName(defindex), schema.isUniqueHat(defindex) ? 1 : 0])
  .filter(([, name]) => typeof name === 'string' && name !== '')

const data = {
  items,
  effects: byNumber(schema.getEffects()),
  textures: byNumber(schema.getTextures()),
  wears: byNumber(requireStatic('wears')),
  killstreaks: byNumber(requireStatic('killstreaks')),
  qualities: byNumber(requireStatic('qualities')),
}

// Text, so that the compiler need not find out the types of ten thousand rows.
writeFileSync(FILE, `export const data: unknown = JSON.parse(${JSON.stringify(JSON.stringify(data))})\n`)
