import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql'
import { jsonInt } from '../../base/vocabulary'
import { faultOf } from './values'

const wrong = (message: string, nodes?: ValueNode): GraphQLError => new GraphQLError(message, { nodes, extensions: { code: 'INPUT' } })

function bigintOf(value: unknown, nodes?: ValueNode): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  if (typeof value === 'string' && /^-?\d{1,19}$/.test(value)) return BigInt(value)
  throw wrong(`BigInt must be a whole number, above 2^53 as a string; got ${JSON.stringify(value) ?? typeof value}.`, nodes)
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
  throw wrong(`DateTime must be a moment like 2026-07-17T09:30:00Z; got ${JSON.stringify(value) ?? typeof value}.`, nodes)
}

const DateTimeScalar = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  serialize: (value) => momentOf(value).toISOString(),
  parseValue: (value) => momentOf(value),
  parseLiteral: (node) => momentOf(node.kind === Kind.STRING ? node.value : undefined, node),
})

function checked(value: unknown, node?: ValueNode): unknown {
  const fault = faultOf(value)
  if (fault) throw wrong(fault, node)
  return value
}

function numberOf(node: { value: string } & ValueNode): number {
  const number = Number(node.value)
  if (node.kind !== Kind.INT || Number.isSafeInteger(number)) return number
  throw wrong(`${node.value} loses digits as a JSON number; send it as a string.`, node)
}

/** The limit on tokens bounds its depth. */
function literal(node: ValueNode, variables: Record<string, unknown>): unknown {
  switch (node.kind) {
    case Kind.NULL:
      return null
    case Kind.INT:
    case Kind.FLOAT:
      return numberOf(node)
    case Kind.LIST:
      return node.values.map((one) => literal(one, variables))
    case Kind.OBJECT:
      return Object.fromEntries(node.fields.map((field) => [field.name.value, literal(field.value, variables)]))
    case Kind.VARIABLE:
      return variables[node.name.value]
    default:
      return node.value
  }
}

const JsonScalar = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  serialize: (value) => value,
  parseValue: (value) => checked(value),
  parseLiteral: (node, variables) => checked(literal(node, variables ?? {}), node),
})

/** Scalars of the schema. */
export const scalars = { BigInt: BigIntScalar, DateTime: DateTimeScalar, JSON: JsonScalar }
