import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { commerce } from '../../backend/sandbox/commerce'
import { type OptionsFor, openSandbox } from '../../backend/sandbox/server'
import { MANNERS, visit } from './sandbox'

const NOW = Date.UTC(2026, 10, 21, 15)

/** The commerce platforms, whose time stands still until it is moved. */
export async function stillCommerce(options: OptionsFor<{ commerce: typeof commerce }> = {}) {
  let now = NOW
  const sandbox = await openSandbox({ commerce }, { clock: () => now, ...options })
  return {
    sandbox,
    ...sandbox.commerce,
    pass: (ms: number) => {
      now += ms
    },
    get: (url: string, headers: Record<string, string> = {}) => visit(url, { headers: { ...MANNERS, ...headers } }),
    post: (url: string, body: string, headers: Record<string, string> = {}) =>
      visit(url, { method: 'POST', body, headers: { ...MANNERS, ...headers } }),
  }
}

interface Schemas {
  $defs: Record<string, { properties?: Record<string, unknown> }>
}

/** The published schemas of a platform, as a fixture holds them. */
export function publishedSchemas(fixture: string) {
  const document = JSON.parse(readFileSync(join(__dirname, '../fixtures/commerce', fixture), 'utf8')) as Schemas
  const schemas = new Map<string, z.ZodType>()
  const schemaOf = (name: string): z.ZodType => {
    const known = schemas.get(name)
    if (known) return known
    const made = z.fromJSONSchema({ $defs: document.$defs, $ref: `#/$defs/${name}` } as Parameters<typeof z.fromJSONSchema>[0])
    schemas.set(name, made)
    return made
  }
  return {
    /** Whatever does not fit the schema of this name. */
    faultsOf(name: string, value: unknown): string[] {
      return (schemaOf(name).safeParse(value).error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)
    },
    fieldsOf: (name: string): string[] => Object.keys(document.$defs[name]?.properties ?? {}).sort(),
  }
}
