import type { JsonSchema } from '../api/types'
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
  const parts = Object.entries(schema.properties ?? {}).map(([name, part]) => ({
    name,
    part: plain(part),
    at: path ? `${path}.${name}` : name,
  }))
  const flags = parts.filter(({ part }) => kindOf(part) === 'flag')
  const chosen = parts.filter(({ part }) => kindOf(part) === 'choice')
  const typed = parts.filter(({ part }) => !['const', 'flag', 'choice'].includes(kindOf(part)) && !GROUPS.has(kindOf(part)))
  // A choice determines what the other inputs mean.
  const inputs = [...chosen, ...typed]
  const groups = parts.filter(({ part }) => GROUPS.has(kindOf(part)))
  return (
    <>
      {[inputs, flags].map(
        (list) =>
          list.length > 0 && (
            <div key={list === flags ? 'flags' : 'inputs'} class="fields">
              {list.map(({ name, part, at }) => (
                <SchemaInput
                  key={at}
                  schema={part}
                  path={at}
                  name={name}
                  required={schema.required?.includes(name) === true && part.default === undefined}
                  values={values}
                  faults={faults}
                  onChange={onChange}
                />
              ))}
            </div>
          ),
      )}
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
