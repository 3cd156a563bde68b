import { GraphQLError } from 'graphql'

/*
 * Shopify's search syntax, as far as a backfill uses it: terms like `updated_at:>='2024-01-01T00:00:00Z'`, all of which must hold.
 */

/** What a field of a search stands for: a number, seconds since 1970 or a word of an object. */
export interface SearchField<T> {
  of(one: T): number | string
  /** A time that matches the whole days of its bounds. */
  isDaily?: boolean
}

type Check<T> = (one: T) => boolean
const DAY = 86_400
const TERM = /^(\w+):\s*(>=|<=|>|<)?\s*(?:'([^']*)'|"([^"]*)"|([^\s'"()]*))(?:\s+(?:AND\s+)?|$)/

const refused = (query: string): GraphQLError =>
  new GraphQLError(`Invalid search query: ${query}`, { extensions: { code: 'INVALID_SEARCH_QUERY' } })

function holds(operator: string, a: number, b: number): boolean {
  if (operator === '>=') return a >= b
  if (operator === '<=') return a <= b
  if (operator === '>') return a > b
  return operator === '<' ? a < b : a === b
}

function checkOf<T>(query: string, { of, isDaily }: SearchField<T>, operator: string, text: string): Check<T> {
  if (text === '') throw refused(query)
  const number = /^\d+$/.test(text) ? Number(text) : Date.parse(text) / 1000
  if (Number.isNaN(number)) return (one) => String(of(one)).toLowerCase() === text.toLowerCase()
  if (!isDaily) return (one) => holds(operator, Number(of(one)), number)
  const inclusive = operator.replace(/^[<>]$/, '$&=')
  return (one) => holds(inclusive, Math.floor(Number(of(one)) / DAY), Math.floor(number / DAY))
}

/**
 * What a search finds. A field that does not exist is passed over, as Shopify does.
 * @throws {GraphQLError} for what is no search, or one that the sandbox does not know
 */
export function searchOf<T>(query: string | null | undefined, fields: Record<string, SearchField<T>>): Check<T> {
  const checks: Check<T>[] = []
  for (let rest = (query ?? '').trim(); rest !== ''; ) {
    const term = TERM.exec(rest)
    if (!term) throw refused(query ?? '')
    const [whole, name = '', operator = '', single, double, bare] = term
    const field = fields[name]
    if (field) checks.push(checkOf(query ?? '', field, operator, single ?? double ?? bare ?? ''))
    rest = rest.slice(whole.length)
  }
  return (one) => checks.every((check) => check(one))
}
