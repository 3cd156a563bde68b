import type { JsonSchema } from '../api/types'
import { fieldsShown, fillChoices, lacksChoice, type Values } from './choices'

/*
 * Builds the fields of a form from a JSON Schema, and JSON from what was typed. Inputs are stored by their dotted path; the
 * selected branch of an anyOf is stored under the path with `#`.
 */

export type { Values } from './choices'
export type Kind = 'object' | 'variants' | 'const' | 'choice' | 'flag' | 'number' | 'date' | 'several' | 'list' | 'text' | 'json'

const join = (path: string, name: string): string => (path ? `${path}.${name}` : name)
const typesOf = ({ type }: JsonSchema): string[] => (type === undefined ? [] : Array.isArray(type) ? type : [type])
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The branches of an anyOf without null, which means left out. */
export const branches = (schema: JsonSchema): JsonSchema[] =>
  (schema.anyOf ?? schema.oneOf ?? []).filter((branch) => branch.type !== 'null' && Object.keys(branch).length > 0)

/** A single branch replaces the anyOf; scalars of several kinds become one input. */
export function plain(schema: JsonSchema): JsonSchema {
  const [first, ...more] = branches(schema)
  if (!first) return schema
  if (more.length === 0) return { ...plain(first), ...titles(schema) }
  if ([first, ...more].some((branch) => kindOf(branch) === 'object')) return schema
  const number = [first, ...more].find((branch) => typesOf(branch).some((type) => type === 'integer' || type === 'number'))
  return { ...(number ?? first), ...titles(schema) }
}

const titles = ({ title, description, default: preset }: JsonSchema): JsonSchema =>
  Object.fromEntries(Object.entries({ title, description, default: preset }).filter(([, value]) => value !== undefined))

/** The kind of input for a list, by that of its items. */
const LISTS: Partial<Record<Kind, Kind>> = { object: 'json', choice: 'several' }

/** The kind of input for a schema. */
export function kindOf(schema: JsonSchema): Kind {
  if (schema.const !== undefined) return 'const'
  if (schema.enum) return 'choice'
  if (branches(schema).length > 1) return 'variants'
  const types = typesOf(schema)
  if (schema.properties) return 'object'
  if (types.includes('boolean')) return 'flag'
  if (types.includes('integer') || types.includes('number')) return 'number'
  if (types.includes('array')) return LISTS[kindOf(plain(schema.items ?? {}))] ?? 'list'
  if (!types.includes('string')) return 'json'
  return schema.format === 'date' || schema.pattern?.includes('\\d{4}-\\d{2}-\\d{2}') ? 'date' : 'text'
}

/** The inputs for these parameters, or for none. */
export function fill(raw: JsonSchema, value: unknown, path = ''): Values {
  const schema = plain(raw)
  const known = value === undefined ? schema.default : value
  switch (kindOf(schema)) {
    case 'const':
      return {}
    case 'object': {
      const inner = isRecord(known) ? known : {}
      const parts = Object.entries(schema.properties ?? {}).map(([name, part]) => fill(part, inner[name], join(path, name)))
      const values: Values = Object.assign({}, ...parts)
      return { ...values, ...fillChoices(schema, inner, values, path) }
    }
    case 'variants': {
      const list = branches(schema)
      const fits = list.findIndex((branch) => matches(branch, known))
      return Object.assign(
        { [`${path}#`]: String(Math.max(0, fits)) },
        ...list.map((branch, n) => fill(branch, n === fits ? known : undefined, path)),
      )
    }
    case 'flag':
      return { [path]: known === true }
    case 'several':
    case 'list':
      return { [path]: Array.isArray(known) ? known.join('\n') : '' }
    case 'json':
      return { [path]: known === undefined ? '' : JSON.stringify(known, null, 2) }
    default:
      return { [path]: known == null ? '' : String(known) }
  }
}

function matches(raw: JsonSchema, value: unknown): boolean {
  const schema = plain(raw)
  if (!isRecord(value)) return false
  const required = schema.required ?? []
  const constant = Object.entries(schema.properties ?? {}).every(([name, part]) => part.const === undefined || value[name] === part.const)
  return constant && required.every((name) => value[name] !== undefined) && Object.keys(value).every((name) => schema.properties?.[name])
}

/** The parameters for what was typed; blank inputs are left out. */
export function build(raw: JsonSchema, values: Values, path = ''): unknown {
  const schema = plain(raw)
  const text = String(values[path] ?? '').trim()
  switch (kindOf(schema)) {
    case 'const':
      return schema.const
    case 'object': {
      const parts = fieldsShown(schema, values, path).map(([name, part]) => [name, build(part, values, join(path, name))] as const)
      const set = parts.filter(
        ([name, value]) => value !== undefined && !(isRecord(value) && empty(value) && !schema.required?.includes(name)),
      )
      return Object.fromEntries(set)
    }
    case 'variants':
      return build(branches(schema)[Number(values[`${path}#`] ?? 0)] ?? {}, values, path)
    case 'flag':
      return values[path] === true ? true : schema.default === true ? false : undefined
    case 'number':
      return text === '' ? undefined : numberOf(text)
    case 'choice':
      return schema.enum?.find((one) => String(one) === text)
    case 'several':
      return text === '' ? undefined : text.split('\n')
    case 'list':
      return text === '' ? undefined : text.split(/[\s,]+/)
    case 'json':
      return text === '' ? undefined : jsonOf(text)
    default:
      return text === '' ? undefined : text
  }
}

const empty = (value: object): boolean => Object.keys(value).length === 0

/** Text that is not a number is sent as typed, so that the error of the server names the field. */
const numberOf = (text: string): number | string => {
  const value = Number(text.replaceAll(/[_\s,](?=\d{3})/g, ''))
  return Number.isFinite(value) ? value : text
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The error of the server says what is expected.
    return text
  }
}

/** Whether a required field is blank; the server need not be asked then. */
export function incomplete(raw: JsonSchema, values: Values, path = ''): boolean {
  const schema = plain(raw)
  const kind = kindOf(schema)
  if (kind === 'variants') return incomplete(branches(schema)[Number(values[`${path}#`] ?? 0)] ?? {}, values, path)
  if (kind !== 'object') return false
  if (lacksChoice(schema, values, path)) return true
  return (schema.required ?? []).some((name) => {
    const part = schema.properties?.[name]
    if (!part || part.default !== undefined) return false
    const inner = kindOf(plain(part))
    if (inner === 'object' || inner === 'variants') return incomplete(part, values, join(path, name))
    return inner !== 'const' && inner !== 'flag' && String(values[join(path, name)] ?? '').trim() === ''
  })
}
