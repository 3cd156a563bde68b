/** Deepest JSON accepted; code that reads it later recurses. */
const MAX_LEVELS = 32
/** Postgres stores neither NUL nor half a surrogate pair. */
const UNSTORABLE = /\0|\p{Surrogate}/u

/** What is wrong with a JSON value, in a sentence; checked level by level, because deep nesting is a fault. */
export function faultOf(value: unknown): string | undefined {
  let level = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_LEVELS) return `JSON may not nest deeper than ${MAX_LEVELS} levels.`
    const next: unknown[] = []
    for (const one of level) {
      if (typeof one === 'string' && UNSTORABLE.test(one))
        return 'A string contains a character that PostgreSQL cannot store (NUL or half a surrogate pair).'
      if (typeof one === 'object' && one !== null) for (const [key, inner] of Object.entries(one)) next.push(key, inner)
    }
    level = next
  }
  return undefined
}

/** Fields without those that are null: GraphQL takes null for "left out", and the one asked has its defaults for that. */
export const given = <T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null)) as { [K in keyof T]?: NonNullable<T[K]> }
