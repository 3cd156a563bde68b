import type { JsonSchema } from '../api/types'
import { type Choice, choicesOf, chosenOf, fieldsShown, keyOf } from '../lib/choices'
import { named } from '../lib/format'
import { branches, kindOf, plain, type Values } from '../lib/schema'
import { SchemaInput } from './schema-input'

interface Props {
  schema: JsonSchema
  path?: string
  values: Values
  /** Errors of the server by dotted path. */
  faults: Record<string, string>
  onChange: (path: string, value: string | boolean) => void
}

/** The fields of a schema: objects as groups, an anyOf of objects as a choice between them. */
export function SchemaFields(props: Props) {
  const schema = plain(props.schema)
  const kind = kindOf(schema)
  if (kind === 'const') return null
  if (kind === 'variants') return <Variants {...props} schema={schema} />
  if (kind === 'object') return <ObjectFields {...props} schema={schema} />
  return <SchemaInput {...props} schema={schema} path={props.path ?? ''} name={props.path ?? 'params'} required={false} />
}

const GROUPS = new Set(['object', 'variants'])

function ObjectFields({ schema, path = '', values, faults, onChange }: Props) {
  // A single option is an ordinary field.
  const choices = choicesOf(schema, values, path).filter((choice) => choice.options.length > 1 || choice.none !== undefined)
  const alternatives = new Set(choices.flatMap((choice) => choice.options.flatMap((one) => one.fields)))
  const parts = partsOf(fieldsShown(schema, values, path), path)
  const rest = parts.filter(({ name }) => !alternatives.has(name))
  const flags = rest.filter(({ part }) => kindOf(part) === 'flag')
  const chosen = rest.filter(({ part }) => kindOf(part) === 'choice')
  const typed = rest.filter(({ part }) => !['const', 'flag', 'choice'].includes(kindOf(part)) && !GROUPS.has(kindOf(part)))
  const groups = rest.filter(({ part }) => GROUPS.has(kindOf(part)))
  const shared = { schema, values, faults, onChange }
  return (
    <>
      {/* A choice determines what the other inputs mean; without one, what must be given comes first. */}
      <Inputs parts={choices.length > 0 ? chosen : neededFirst([...chosen, ...typed], schema)} {...shared} />
      {choices.map((choice) => (
        <Alternatives key={choice.name} choice={choice} path={path} parts={parts} {...shared} />
      ))}
      {choices.length > 0 && <Inputs parts={typed} {...shared} />}
      <Inputs parts={flags} {...shared} />
      {groups.map(({ name, part, at }) => (
        <fieldset key={at} class="stack group">
          <legend class="legend">{part.title ?? named(name)}</legend>
          {part.description && <p class="hint">{part.description}</p>}
          <SchemaFields schema={part} path={at} values={values} faults={faults} onChange={onChange} />
        </fieldset>
      ))}
    </>
  )
}

interface Part {
  name: string
  part: JsonSchema
  at: string
}

const partsOf = (fields: [string, JsonSchema][], path: string): Part[] =>
  fields.map(([name, part]) => ({ name, part: plain(part), at: path ? `${path}.${name}` : name }))

const isNeeded = ({ name, part }: Part, schema: JsonSchema): boolean =>
  schema.required?.includes(name) === true && part.default === undefined

const neededFirst = (parts: Part[], schema: JsonSchema): Part[] =>
  parts.sort((a, b) => Number(isNeeded(b, schema)) - Number(isNeeded(a, schema)))

type Shared = Pick<Props, 'schema' | 'values' | 'faults' | 'onChange'>

function Inputs({ parts, schema, values, faults, onChange }: Shared & { parts: Part[] }) {
  if (parts.length === 0) return null
  return (
    <div class="fields">
      {parts.map((one) => (
        <SchemaInput
          key={one.at}
          schema={one.part}
          path={one.at}
          name={one.name}
          required={isNeeded(one, schema)}
          values={values}
          faults={faults}
          onChange={onChange}
        />
      ))}
    </div>
  )
}

/** Fields that exclude each other: one option is chosen, and only its fields are shown. */
function Alternatives({ choice, path, parts, ...shared }: Shared & { choice: Choice; path: string; parts: Part[] }) {
  const { values, onChange } = shared
  const chosen = chosenOf(choice, values, path)
  const key = keyOf(path, choice.name)
  const options = [
    ...(choice.none === undefined ? [] : [{ text: choice.none, value: '' }]),
    ...choice.options.map(({ text }) => ({ text, value: text })),
  ]
  return (
    <fieldset class="stack group">
      <legend class="legend">{choice.name}</legend>
      <div class="row">
        {options.map(({ text, value }) => (
          <label key={value} class="check">
            <input type="radio" name={key} checked={(chosen?.text ?? '') === value} onChange={() => onChange(key, value)} />
            <span>{text}</span>
          </label>
        ))}
      </div>
      <Inputs parts={parts.filter(({ name }) => chosen?.fields.includes(name))} {...shared} />
    </fieldset>
  )
}

function Variants({ schema, path = '', values, faults, onChange }: Props) {
  const list = branches(schema)
  const chosen = Number(values[`${path}#`] ?? 0)
  const branch = list[chosen]
  return (
    <div class="stack">
      <fieldset>
        <legend class="hidden">{schema.title ?? 'What to read'}</legend>
        <div class="choices">
          {list.map((one, n) => (
            <label key={one.title ?? n} class="choice">
              <input type="radio" name={`${path}#`} checked={n === chosen} onChange={() => onChange(`${path}#`, String(n))} />
              <span>
                <b>
                  {one.title ??
                    (Object.keys(one.properties ?? {})
                      .map(named)
                      .join(', ') ||
                      `Form ${n + 1}`)}
                </b>
                {one.description && <span class="hint">{one.description}</span>}
              </span>
            </label>
          ))}
        </div>
      </fieldset>
      {branch && <SchemaFields schema={branch} path={path} values={values} faults={faults} onChange={onChange} />}
    </div>
  )
}
