import { Refused } from '../../backend/base/errors'
import type { Json } from '../../backend/base/json'
import type { Command, Lookup, Source } from '../../backend/contract'
import { PRIORITY } from '../../backend/engine/jobs/verbs'
import { readIds } from '../../backend/engine/lookups/ids'
import { type Fields, requestsOf } from '../../backend/service/jobs/requests'
import type { GivenId } from './ids'
import { type FieldOption, idNameOf, optionsOf } from './options'

const NAMED = Object.keys(PRIORITY) as (keyof typeof PRIORITY)[]

/** `0` to `9`, or a name of PRIORITY. @throws {Refused} `input` */
export function parsePriority(text: string): number {
  const named = NAMED.find((name) => name === text)
  if (named) return PRIORITY[named]
  if (/^\d$/.test(text)) return Number(text)
  throw new Refused('input', `--priority must be 0 to 9 or one of ${NAMED.join(', ')}, got ${text}.`, 'priority')
}

function fieldValue(option: FieldOption, given: unknown): Json | undefined {
  if (given === undefined) return undefined
  if (option.kind === 'negated') return given === false ? false : undefined
  if (option.kind === 'flag') return given === true ? true : undefined
  if (option.kind === 'list') return (given as unknown[]).map(String)
  if (option.kind !== 'integer') return String(given)
  if (!/^[+-]?\d+$/.test(String(given))) throw new Refused('input', `${option.name} must be a whole number, got ${given}.`, option.path)
  return Number(given)
}

function setAt(request: Fields, path: string, value: Json): void {
  const keys = path.split('.')
  const last = keys.pop() as string
  let inner = request
  for (const key of keys) {
    inner[key] ??= {}
    inner = inner[key] as Fields
  }
  inner[last] = value
}

/** The fields of a request that the options set. */
function baseRequest(options: readonly FieldOption[], given: Record<string, unknown>): Fields {
  const request: Fields = {}
  for (const option of options) {
    const value = fieldValue(option, given[option.option.attributeName()])
    if (value !== undefined) setAt(request, option.path, value)
  }
  return request
}

/** Replaces field names by flags: `--from-date` for `options.fromDate`. */
function inFlags(message: string, options: readonly FieldOption[]): string {
  return options.reduce((text, option) => {
    const name = option.path.split('.').pop() as string
    return text.replaceAll(
      new RegExp(`(?<![\\w.-])(${option.path.replaceAll('.', '\\.')}|${name})${option.kind === 'list' ? '(\\.\\d+)?' : ''}(?![\\w-])`, 'g'),
      option.name,
    )
  }, message)
}

/** Runs work that may refuse the request once it is prepared. @throws {Refused} naming the option in place of its field */
export async function namingFlags<T>(source: Source, command: Command, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const options = command.options ? optionsOf(source) : []
    if (!(error instanceof Refused) || !options.some(({ path }) => path === error.field)) throw error
    throw new Refused(error.code, inFlags(error.message, options), error.field)
  }
}

/** Nothing is queued unless every id is valid. */
function badIds(faults: readonly { id: GivenId; message: string }[]): Refused {
  const [first] = faults
  if (!first) throw new Error('no faults')
  const others = faults.length === 1 ? '' : ` (and ${faults.length - 1} more invalid ids)`
  const message = first.message.replace(/\.$/, '')
  return new Refused('input', `${first.id.place}, "${first.id.text.slice(0, 60)}": ${message}${others}. Nothing was queued.`, 'ids')
}

/**
 * One parsed request for each id, in the shape the source starts jobs with.
 * @throws {Refused} `input`, naming the option, or the first invalid id and its place
 */
export function buildRequests(source: Source, command: Command, ids: readonly GivenId[], given: Record<string, unknown>): unknown[] {
  const options = command.options ? optionsOf(source) : []
  const base = baseRequest(options, given)
  const field = command.ids ?? ''
  try {
    const texts = ids.map(({ text }) => text)
    const { requests, faults } = requestsOf(source, command, texts, base)
    const named = (message: string) => message.replaceAll(field, idNameOf(source, field))
    if (faults.length > 0) throw badIds(faults.map(({ at, message }) => ({ id: ids[at] as GivenId, message: named(message) })))
    return requests
  } catch (error) {
    if (!(error instanceof Refused) || error.field === 'ids') throw error
    throw new Refused(error.code, inFlags(error.message, options), error.field)
  }
}

/** Ids to look up. @throws {Refused} `input`, naming the first invalid id and its place */
export function lookupIds(command: Command, lookup: Pick<Lookup, 'id'>, given: readonly GivenId[]): string[] {
  const { ids, faults } = readIds(
    lookup.id,
    given.map((id) => id.text),
  )
  const placeOf = new Map(given.map((id) => [id.text, id]))
  const bad = faults.flatMap(({ text, message }) => {
    const id = placeOf.get(text)
    return id ? [{ id, message: `${command.lookup} id ${message}` }] : []
  })
  if (bad.length > 0) throw badIds(bad)
  return ids
}
