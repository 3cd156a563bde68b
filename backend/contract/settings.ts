import { type ZodType, z } from 'zod'

/*
 * The environment variables of a source. Config, doctor, .env.example and the README's table follow from the declarations.
 */

/** One environment variable. */
export interface Setting<T = unknown> {
  /** Reads its text; a variable that is not set or empty is `undefined`, so this schema is the only place of its default. */
  schema: ZodType<T>
  /** One sentence for the README and .env.example. */
  about: string
  /** Its value is never shown. */
  secret?: boolean
}

/** By the name of the variable. */
export type Settings = Readonly<Record<string, Setting>>

/** The values of a source's settings in this process. */
export type SettingValues<S extends Settings = Settings> = { readonly [name in keyof S]: z.output<S[name]['schema']> }

/** Reads the settings of a source. */
export type SettingsReader = (source: { settings?: Settings }) => SettingValues

/** The values when no variable is set. */
export const defaultsOf: SettingsReader = ({ settings = {} }) =>
  Object.fromEntries(Object.entries(settings).map(([name, { schema }]) => [name, schema.parse(undefined)]))

/** A URL with one of these protocols: `http:`. */
export const urlSchema = (...protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    message: `must be a URL starting with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  })

/** The base URL of an API, which a sandbox or a mirror may replace; a trailing slash is removed. */
export const baseUrl = (real: string) =>
  urlSchema('http:', 'https:')
    .default(real)
    .transform((text) => text.replace(/\/+$/, ''))

/** A whole number, 1 or more. */
export const positive = z.coerce.number().int().positive()
