import type { Source } from '../../../contract'
import { formOf } from '../../../service/base/form'

interface Field {
  type?: string
  description?: string
  default?: unknown
  properties?: Record<string, Field>
}

const TYPES: Record<string, string> = { string: 'String', integer: 'Int', boolean: 'Boolean' }

function inputField([name, field]: [string, Field]): string {
  const fallback = field.default === undefined ? '' : ` ${JSON.stringify(field.default)} by default.`
  return `${JSON.stringify(`${field.description ?? name}${fallback}`)} ${name}: ${TYPES[field.type ?? ''] ?? 'JSON'}`
}

/** The options of `startKillmailBackfill`, as the params of the source `eve` describe them. */
export function killmailOptions(sources: readonly Source[]): string {
  const eve = sources.find(({ name }) => name === 'eve')
  const { options } = (eve ? (formOf(eve) as Field).properties : undefined) ?? {}
  // Without that source the mutation refuses every request; the type must exist.
  if (!options?.properties) return 'scalar KillmailBackfillOptions'
  return `input KillmailBackfillOptions { ${Object.entries(options.properties).map(inputField).join('\n')} }`
}
