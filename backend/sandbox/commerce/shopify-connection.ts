import { GraphQLError } from 'graphql'

/*
 * Objects of the GraphQL API and their pages: a cursor names a value and an id, so that a page goes on where it ended even when
 * objects come, go or move meanwhile.
 */

/** An object of the API: a field is a value, or a function of the field's arguments. */
export interface Doc {
  __typename: string
  id?: string
  [field: string]: unknown
}

export interface Range {
  first?: number | null
  last?: number | null
  after?: string | null
  before?: string | null
  reverse?: boolean | null
  /** All of it, as bulk operations read. */
  whole?: boolean
}

/** An object's place in a list: by value, then by id. */
export interface Entry {
  value: number
  id: number
  doc: () => Doc
}

export interface Connection {
  edges: { cursor: string; node: Doc }[]
  nodes: Doc[]
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null }
}

const MAX_PAGE = 250

const refused = (message: string): GraphQLError => new GraphQLError(message, { extensions: { code: 'BAD_REQUEST' } })
const cursorOf = ({ value, id }: Entry): string => Buffer.from(JSON.stringify({ last_id: id, last_value: value })).toString('base64')

/** @throws {GraphQLError} */
function placeOf(cursor: string): Pick<Entry, 'value' | 'id'> {
  try {
    const { last_id: id, last_value: value } = JSON.parse(Buffer.from(cursor, 'base64').toString())
    if (typeof id === 'number' && typeof value === 'number') return { value, id }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw refused('Invalid cursor for current pagination sort.')
}

const compare = (a: Pick<Entry, 'value' | 'id'>, b: Pick<Entry, 'value' | 'id'>): number => a.value - b.value || a.id - b.id

/** @throws {GraphQLError} */
function sizeOf({ first, last, whole }: Range): number {
  if (whole) return Number.POSITIVE_INFINITY
  const size = first ?? last
  if (size === null || size === undefined) throw refused('you must provide one of first or last')
  if (size < 0) throw refused(`${first === size ? 'first' : 'last'} cannot be negative`)
  if (size > MAX_PAGE) throw refused(`${first === size ? 'First' : 'Last'} cannot exceed ${MAX_PAGE}`)
  return size
}

/** The page of a list that a query asks for. @throws {GraphQLError} */
export function connectionOf(entries: readonly Entry[], range: Range): Connection {
  const size = sizeOf(range)
  const sign = range.reverse ? -1 : 1
  const { after, before } = range
  const [low, high] = [after ? placeOf(after) : undefined, before ? placeOf(before) : undefined]
  const all = [...entries].sort((a, b) => sign * compare(a, b))
  const from = low ? all.filter((entry) => sign * compare(entry, low) <= 0).length : 0
  const to = high ? all.filter((entry) => sign * compare(entry, high) < 0).length : all.length
  const isFirst = range.whole || typeof range.first === 'number'
  const [start, end] = isFirst ? [from, Math.min(to, from + size)] : [Math.max(from, to - size), to]
  const edges = all.slice(start, end).map((entry) => ({ cursor: cursorOf(entry), node: entry.doc() }))
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: {
      hasNextPage: end < all.length,
      hasPreviousPage: start > 0,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}

/** A field that is a list in the order of its places. */
export const listed =
  (docs: () => Doc[]) =>
  (range: Range): Connection =>
    connectionOf(
      docs().map((doc, id) => ({ value: 0, id, doc: () => doc })),
      range,
    )
