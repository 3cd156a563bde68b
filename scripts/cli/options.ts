import { Option } from 'commander'
import type { Source } from '../../backend/contract'
import { formOf } from '../../backend/service/base/form'

/*
 * The options of a queue script, derived from the fields of the source's params that name a flag.
 */

/** A field as the JSON Schema of the params describes it. */
interface Field {
  title?: string
  description?: string
  flag?: string
  type?: string
  minimum?: number
  maximum?: number
  default?: unknown
  properties?: Record<string, Field>
}

export interface FieldOption {
  option: Option
  /** `--from-date`. */
  name: string
  /** Dotted path in the request: `options.fromDate`. */
  path: string
  kind: 'list' | 'integer' | 'flag' | 'negated' | 'text'
}

/** The options that set fields of the request, in the order of the params. */
export const optionsOf = (source: Source): FieldOption[] => optionsIn(formOf(source))

function optionsIn({ properties = {} }: Field, parent = ''): FieldOption[] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const path = `${parent}${name}`
    return [...(field.flag === undefined ? [] : [optionOf(field, field.flag, path)]), ...optionsIn(field, `${path}.`)]
  })
}

function optionOf(field: Field, flag: string, path: string): FieldOption {
  const option = new Option(flag)
  option.description = helpOf(field, option.negate)
  const kind = option.negate ? 'negated' : (({ array: 'list', integer: 'integer', boolean: 'flag' } as const)[field.type ?? ''] ?? 'text')
  return { option, name: option.long ?? flag, path, kind }
}

/** `killmails per counted page (1 to 200, default 100)`. */
function helpOf({ description = '', minimum, maximum, default: preset }: Field, isNegated: boolean): string {
  const notes = [
    minimum !== undefined && maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? `${minimum} to ${maximum}` : '',
    typeof preset === 'string' || typeof preset === 'number' ? `default ${preset}` : '',
  ].filter((note) => note !== '')
  return [isNegated ? 'do not' : '', inside(description), notes.length > 0 ? `(${notes.join(', ')})` : ''].filter(Boolean).join(' ')
}

/** A sentence as a part of a line: no capital, unless it begins with an acronym, and no period. */
const inside = (sentence: string): string => sentence.replace(/\.$/, '').replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase())

/** What the ids of a command are called: `character id`. */
export function idNameOf(source: Source, field: string): string {
  const { properties = {} } = formOf(source) as Field
  return inside(properties[field]?.title ?? field)
}
