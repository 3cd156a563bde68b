import { type Fault, Refused } from '../../base/errors'
import { upper } from '../../base/vocabulary'
import type { Command, Source } from '../../contract'
import { parseParams } from '../../engine/jobs/verbs'
import { sourceAlerts } from '../../engine/upkeep/source-checks'
import { exportTables } from '../../export/tables'
import { databaseCache } from './caches'
import type { Service } from './context'
import { formOf } from './form'
import { type Words, wordsOf } from './words'

/** A command of a source: what it does with many ids at once. */
export interface CommandInfo {
  name: string
  about: string
  /** What its ids are: `Character id`; null where it takes none. */
  ids: string | null
  /** The kind of lookup that its ids become; null where each starts a job. */
  lookup: string | null
  /** JSON Schema of its options. */
  form: Record<string, unknown>
}

/** A source as entry points show it. */
export interface SourceInfo {
  name: string
  about: string
  /** JSON Schema of the params. */
  form: Record<string, unknown>
  example: unknown
  /** Kinds of its jobs, by which lists are filtered. */
  kinds: string[]
  commands: CommandInfo[]
  streams: string[]
  apis: string[]
  workers: string[]
  words: Words
  /** Its own counters: a sentence by name. */
  counters: Record<string, string>
  /** Alerts of its own: a sentence by the key of their events. */
  alerts: Record<string, string>
  /** Tables that hold its rows. */
  exportTables: string[]
}

/** The source of this name. @throws {Refused} `missing` with the names of all sources */
export function sourceOf({ sources }: Pick<Service, 'sources'>, name: string): Source {
  const source = sources.find((one) => one.name === name)
  if (!source)
    throw new Refused('missing', `There is no source "${name}"; there are ${sources.map((one) => one.name).join(', ')}.`, 'source')
  return source
}

/** How many unknown fields an error names. */
const MAX_FAULTS = 10

interface Field {
  title?: string
  flag?: string
  when?: object
  properties?: Record<string, Field>
}

/** The fields that a command offers as options: those with a flag. */
function optionsIn({ properties = {}, ...schema }: Field & { required?: string[] }): Record<string, unknown> | undefined {
  // The command decides on the field that a condition names.
  const { required: _, when: __, ...kept } = schema
  const fields = Object.entries(properties).flatMap(([name, field]) => {
    const { when: ___, ...option } = field
    const shown = field.flag === undefined ? field.properties && optionsIn(field) : option
    return shown ? [[name, shown] as const] : []
  })
  return fields.length === 0 ? undefined : { ...kept, properties: Object.fromEntries(fields) }
}

/** JSON Schema of what may be set for all ids of a command, as its options do. */
export function formOfCommand(source: Source, { options, preset = {} }: Command): Record<string, unknown> {
  const { properties = {} } = (options ? optionsIn(formOf(source) as Field) : undefined) ?? {}
  const free = Object.entries(properties as object).filter(([name]) => !(name in preset))
  return { type: 'object', properties: Object.fromEntries(free), additionalProperties: false }
}

function commandInfo(source: Source, name: string, command: Command): CommandInfo {
  const { properties = {} } = formOf(source) as Field
  const { ids, lookup = null, about } = command
  const title = ids === undefined ? undefined : (properties[ids]?.title ?? ids)
  return { name, about, ids: lookup === null ? (title ?? null) : `${upper(lookup)} id`, lookup, form: formOfCommand(source, command) }
}

/**
 * The params of a request, parsed by their source. Unknown fields are refused, because a misspelled one would be ignored without notice.
 * @throws {Refused} `input` with every fault found
 */
export function checkedParams(source: Source, params: unknown): unknown {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    throw new Refused('input', `params must be a JSON object such as ${JSON.stringify(source.example)}.`, 'params')
  }
  const faults = unknownFields(source, params)
  try {
    const parsed = parseParams(source, params)
    if (faults.length === 0) return parsed
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    faults.unshift(...error.faults)
  }
  throw Refused.of(faults)
}

function unknownFields(source: Source, params: object): Fault[] {
  const { properties, additionalProperties } = formOf(source)
  if (additionalProperties !== false) return []
  const names = Object.keys((properties ?? {}) as object)
  const unknown = Object.keys(params).filter((name) => !names.includes(name))
  return unknown.slice(0, MAX_FAULTS).map((field) => ({
    field: field.slice(0, 60),
    message: `${source.name} has no field ${JSON.stringify(field.slice(0, 60))}; there are ${names.join(', ')}.`,
  }))
}

const tableNames = databaseCache<Record<string, string[]>>(1000)

/** Every source of the registry. */
export async function listSources(service: Service): Promise<SourceInfo[]> {
  const tables = await tableNames(service).get('', () => exportTables(service.db, service.sources))
  return service.sources.map((source) => ({
    name: source.name,
    about: source.about,
    form: formOf(source),
    example: source.example,
    kinds: [...(source.kinds?.names ?? [])],
    commands: Object.entries(source.commands).map(([name, command]) => commandInfo(source, name, command)),
    streams: Object.keys(source.streams),
    apis: Object.keys(source.apis),
    workers: Object.keys(source.workers),
    words: wordsOf(source),
    counters: source.counters ?? {},
    alerts: sourceAlerts([source]),
    exportTables: tables[source.name] ?? [],
  }))
}
