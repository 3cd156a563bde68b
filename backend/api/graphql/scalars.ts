import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql'
import { jsonInt } from '../../service/words'

/** Deeper JSON than any params need; what walks it later does so by recursion. */
const MOST_LEVELS = 32

const wrong = (message: string, nodes?: ValueNode): GraphQLError => new GraphQLError(message, { nodes, extensions: { code: 'INPUT' } })

function bigintOf(value: unknown, nodes?: ValueNode): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  if (typeof value === 'string' && /^-?\d{1,19}$/.test(value)) return BigInt(value)
  throw wrong(`BigInt takes a whole number; above 2^53 send it as text. Got ${JSON.stringify(value) ?? typeof value}.`, nodes)
}

const BigIntScalar = new GraphQLScalarType<bigint, number | string>({
  name: 'BigInt',
  serialize: (value) => jsonInt(bigintOf(value)),
  parseValue: (value) => bigintOf(value),
  parseLiteral: (node) => bigintOf(node.kind === Kind.INT || node.kind === Kind.STRING ? node.value : undefined, node),
})

const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/

function momentOf(value: unknown, nodes?: ValueNode): Date {
  const moment = value instanceof Date ? value : new Date(typeof value === 'string' && MOMENT.test(value) ? value : Number.NaN)
  if (!Number.isNaN(moment.getTime())) return moment
  throw wrong(`DateTime takes a moment like 2026-07-17T09:30:00Z. Got ${JSON.stringify(value) ?? typeof value}.`, nodes)
}

const DateTimeScalar = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  serialize: (value) => momentOf(value).toISOString(),
  parseValue: (value) => momentOf(value),
  parseLiteral: (node) => momentOf(node.kind === Kind.STRING ? node.value : undefined, node),
})

const childrenOf = (value: unknown): unknown[] => (typeof value === 'object' && value !== null ? Object.values(value) : [])

/** Level by level, because deep nesting is what it looks for. */
function bounded(value: unknown): unknown {
  let level = childrenOf(value)
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MOST_LEVELS) throw wrong(`JSON nested deeper than ${MOST_LEVELS} levels is not taken.`)
    level = level.flatMap(childrenOf)
  }
  return value
}

function numberOf(node: { value: string } & ValueNode): number {
  const number = Number(node.value)
  if (node.kind !== Kind.INT || Number.isSafeInteger(number)) return number
  throw wrong(`${node.value} loses digits as a JSON number; send it as text.`, node)
}

function literal(node: ValueNode, variables: Record<string, unknown>, depth = 0): unknown {
  if (depth > MOST_LEVELS) throw wrong(`JSON nested deeper than ${MOST_LEVELS} levels is not taken.`, node)
  switch (node.kind) {
    case Kind.NULL:
      return null
    case Kind.INT:
    case Kind.FLOAT:
      return numberOf(node)
    case Kind.LIST:
      return node.values.map((one) => literal(one, variables, depth + 1))
    case Kind.OBJECT:
      return Object.fromEntries(node.fields.map((field) => [field.name.value, literal(field.value, variables, depth + 1)]))
    case Kind.VARIABLE:
      return variables[node.name.value]
    default:
      return node.value
  }
}

const JsonScalar = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  serialize: (value) => value,
  parseValue: bounded,
  parseLiteral: (node, variables) => literal(node, variables ?? {}),
})

/** The scalars the schema declares. */
export const scalars = { BigInt: BigIntScalar, DateTime: DateTimeScalar, JSON: JsonScalar }
