import type { JsonSchema } from '../api/types'

/*
 * Fields of which only some apply. A source declares it with the field (backend/contract/source.ts): `choice` names alternatives, of which
 * one is given, and `when` the values of another field.
 */

/** What was typed, by dotted path. */
export type Values = Record<string, string | boolean>

/** Alternatives: the form shows the fields of one option. */
export interface Choice {
  name: string
  options: { text: string; fields: string[] }[]
  /** The text of the option that gives none; absent: one must be given. */
  none?: string
}

interface Declared {
  choice?: { name: string; option?: string; none?: string }
  when?: Record<string, string[]>
}

const join = (path: string, name: string): string => (path ? `${path}.${name}` : name)
const declared = (field: JsonSchema): Declared => field as Declared
const fieldsOf = (schema: JsonSchema): [string, JsonSchema][] => Object.entries(schema.properties ?? {})

/** Where the option of a choice is kept among the values. */
export const keyOf = (path: string, choice: string): string => join(path, `?${choice}`)

const applies = (field: JsonSchema, values: Values, path: string): boolean =>
  Object.entries(declared(field).when ?? {}).every(([name, wanted]) => wanted.includes(String(values[join(path, name)] ?? '')))

/** The choices of an object, as far as their fields apply. */
export function choicesOf(schema: JsonSchema, values: Values, path = ''): Choice[] {
  const found = new Map<string, Choice>()
  for (const [name, field] of fieldsOf(schema)) {
    const { choice } = declared(field)
    if (!choice || !applies(field, values, path)) continue
    const it = found.get(choice.name) ?? { name: choice.name, options: [] }
    found.set(choice.name, it)
    if (choice.none !== undefined) it.none = choice.none
    const text = choice.option ?? field.title ?? name
    const option = it.options.find((one) => one.text === text)
    if (option) option.fields.push(name)
    else it.options.push({ text, fields: [name] })
  }
  return [...found.values()]
}

/** The chosen option of a choice; undefined: none. */
export function chosenOf(choice: Choice, values: Values, path = ''): Choice['options'][number] | undefined {
  const text = values[keyOf(path, choice.name)]
  return choice.options.find((one) => one.text === text) ?? (choice.none === undefined ? choice.options[0] : undefined)
}

/** The fields of an object that apply, by name. */
export function fieldsShown(schema: JsonSchema, values: Values, path = ''): [string, JsonSchema][] {
  const choices = choicesOf(schema, values, path)
  const left = new Set(
    choices.flatMap((choice) => {
      const chosen = chosenOf(choice, values, path)
      return choice.options.filter((one) => one !== chosen).flatMap((one) => one.fields)
    }),
  )
  return fieldsOf(schema).filter(([name, field]) => !left.has(name) && applies(field, values, path))
}

/** The options that fit known values. @param values what the other inputs are filled with */
export function fillChoices(schema: JsonSchema, known: Record<string, unknown>, values: Values, path = ''): Values {
  const isKnown = (name: string) => known[name] !== undefined && !(Array.isArray(known[name]) && known[name].length === 0)
  return Object.fromEntries(
    choicesOf(schema, values, path).flatMap((choice) => {
      const option = choice.options.find((one) => one.fields.some(isKnown))
      return option ? [[keyOf(path, choice.name), option.text]] : []
    }),
  )
}

/** Whether a choice that needs an answer has none: every field of its option is blank. */
export const lacksChoice = (schema: JsonSchema, values: Values, path = ''): boolean =>
  choicesOf(schema, values, path).some(
    (choice) =>
      choice.none === undefined &&
      chosenOf(choice, values, path)?.fields.every((name) => String(values[join(path, name)] ?? '').trim() === '') === true,
  )
