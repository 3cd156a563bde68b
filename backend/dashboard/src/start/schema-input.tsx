import type { JsonSchema } from '../api/types'
import { count, named, namedInText } from '../lib/format'
import { kindOf, plain, type Values } from '../lib/schema'
import { Fault, Field, type InputProps } from '../ui/field'

interface Props {
  schema: JsonSchema
  path: string
  name: string
  required: boolean
  values: Values
  faults: Record<string, string>
  onChange: (path: string, value: string | boolean) => void
}

/** One input with its label, hint and error. */
export function SchemaInput({ schema, path, name, required, values, faults, onChange }: Props) {
  const kind = kindOf(schema)
  const label = schema.title ?? named(name)
  if (kind === 'flag')
    return (
      <div>
        <label class="check">
          <input type="checkbox" checked={values[path] === true} onChange={(event) => onChange(path, event.currentTarget.checked)} />
          <span>
            {label}
            {schema.description && <span class="hint block">{schema.description}</span>}
          </span>
        </label>
        <Fault text={faults[path]} />
      </div>
    )
  const value = String(values[path] ?? '')
  if (kind === 'several') return <Several {...{ schema, label, value, fault: faults[path] }} onChange={(next) => onChange(path, next)} />
  const change = (event: { currentTarget: { value: string } }) => onChange(path, event.currentTarget.value)
  return (
    <Field label={label} hint={hintOf(schema)} fault={faults[path]} wide={kind === 'list' || kind === 'json'}>
      {(props) => <Control {...{ props, schema, kind, required, value, change }} name={path} />}
    </Field>
  )
}

interface SeveralProps {
  schema: JsonSchema
  label: string
  /** Those chosen, one a line. */
  value: string
  fault: string | undefined
  onChange: (value: string) => void
}

/** Any of known values: a box for each. */
function Several({ schema, label, value, fault, onChange }: SeveralProps) {
  const chosen = value.split('\n')
  const values = plain(schema.items ?? {}).enum?.map(String) ?? []
  const toggle = (one: string) => onChange(values.filter((it) => chosen.includes(it) !== (it === one)).join('\n'))
  return (
    <fieldset class="field wide">
      <legend class="legend">{label}</legend>
      <div class="row several">
        {values.map((one) => (
          <label key={one} class="check">
            <input type="checkbox" checked={chosen.includes(one)} onChange={() => toggle(one)} />
            <span>{namedInText(one)}</span>
          </label>
        ))}
      </div>
      <Fault text={fault} />
      {schema.description && <span class="hint">{schema.description}</span>}
    </fieldset>
  )
}

interface ControlProps {
  props: InputProps
  schema: JsonSchema
  kind: ReturnType<typeof kindOf>
  name: string
  required: boolean
  value: string
  change: (event: { currentTarget: { value: string } }) => void
}

function Control({ props, schema, kind, name, required, value, change }: ControlProps) {
  const shared = { ...props, name, class: 'input', required, value }
  if (kind === 'choice')
    return (
      <select {...shared} onChange={change}>
        {!required && <option value="">By default</option>}
        {schema.enum?.map((one) => (
          <option key={String(one)} value={String(one)}>
            {named(String(one))}
          </option>
        ))}
      </select>
    )
  if (kind === 'list' || kind === 'json')
    return <textarea {...shared} class={kind === 'json' ? 'input mono' : 'input'} rows={4} onInput={change} />
  if (kind === 'date') return <input {...shared} type="date" onInput={change} />
  const example = schema.examples?.[0]
  return (
    <input
      {...shared}
      type="text"
      inputMode={kind === 'number' ? 'numeric' : undefined}
      autocomplete="off"
      spellcheck={false}
      placeholder={example === undefined ? undefined : `e.g. ${example}`}
      onInput={change}
    />
  )
}

/** The description with the bounds, if any. */
function hintOf(schema: JsonSchema): string | undefined {
  const { description, minimum, maximum } = schema
  const most = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined
  const least = minimum !== undefined && minimum > -Number.MAX_SAFE_INTEGER ? minimum : undefined
  const bounds =
    least !== undefined && most !== undefined
      ? `${count(least)} to ${count(most)}`
      : most !== undefined
        ? `at most ${count(most)}`
        : undefined
  const list = kindOf(schema) === 'list' ? 'one per line' : undefined
  return [description, bounds, list].filter(Boolean).join(' · ') || undefined
}
