import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  getNamedType,
  isInterfaceType,
  isLeafType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'
import { SHOPIFY_SCHEMA } from './shopify-schema'

/*
 * What a query costs: nothing for a value, a point for an object, two for a connection and those of each of its objects.
 * Before it runs, a connection has as many as the query asks for; afterwards as many as it had.
 */

interface Costing {
  fragments: Record<string, FragmentDefinitionNode>
  variables: Record<string, unknown>
}

const CONNECTION = 2
const MUTATION = 10

function argumentOf(field: FieldNode, name: string, variables: Record<string, unknown>): number | undefined {
  const value = field.arguments?.find((argument) => argument.name.value === name)?.value
  if (value?.kind === Kind.INT) return Number(value.value)
  const given = value?.kind === Kind.VARIABLE ? variables[value.name.value] : undefined
  return typeof given === 'number' ? given : undefined
}

/** @param data what the query gave for this object; absent before it ran */
function costOfSelection(costing: Costing, type: GraphQLNamedType, { selections }: SelectionSetNode, data?: object): number {
  let cost = 0
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) cost += costOfField(costing, type, selection, data)
    else {
      const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? costing.fragments[selection.name.value] : selection
      const on = fragment?.typeCondition ? SHOPIFY_SCHEMA.getType(fragment.typeCondition.name.value) : type
      if (fragment && on) cost += costOfSelection(costing, on, fragment.selectionSet, data)
    }
  }
  return cost
}

function costOfField(costing: Costing, type: GraphQLNamedType, field: FieldNode, data?: object): number {
  const owner = isObjectType(type) || isInterfaceType(type) ? type.getFields()[field.name.value] : undefined
  const named = owner && getNamedType(owner.type)
  const { selectionSet } = field
  if (!named || isLeafType(named) || !selectionSet) return 0
  const value = (data as Record<string, unknown> | undefined)?.[field.alias?.value ?? field.name.value]
  if (data && (value === null || value === undefined)) return 0
  if (named.name.endsWith('Connection')) {
    const size = argumentOf(field, 'first', costing.variables) ?? argumentOf(field, 'last', costing.variables) ?? 0
    return CONNECTION + costOfConnection(costing, named, selectionSet, size, value as object | undefined)
  }
  if (Array.isArray(value)) return value.reduce((sum, one) => sum + 1 + costOfSelection(costing, named, selectionSet, one), 0)
  return 1 + costOfSelection(costing, named, selectionSet, value as object | undefined)
}

/** The objects of a connection cost whether they are asked for as nodes or in edges, and once where both are. */
function costOfConnection(costing: Costing, type: GraphQLNamedType, set: SelectionSetNode, size: number, data?: object): number {
  if (!isObjectType(type)) return 0
  const lists = set.selections
    .filter((one) => one.kind === Kind.FIELD)
    .filter(({ name }) => name.value === 'nodes' || name.value === 'edges')
  return lists.reduce((most, field) => {
    const named = getNamedType(type.getFields()[field.name.value]?.type)
    if (!named || !field.selectionSet) return most
    const { selectionSet: inner } = field
    const values = (data as Record<string, object[]> | undefined)?.[field.alias?.value ?? field.name.value]
    // An edge and its node are one object.
    const own = field.name.value === 'nodes' ? 1 : 0
    const cost = values
      ? values.reduce((sum, one) => sum + own + costOfSelection(costing, named, inner, one), 0)
      : size * (own + costOfSelection(costing, named, inner))
    return Math.max(most, cost)
  }, 0)
}

/** @param data the answer; absent before the query ran */
export function costOf(operation: OperationDefinitionNode, costing: Costing, data?: object | null): number {
  if (operation.operation === 'mutation') return MUTATION
  const type = SHOPIFY_SCHEMA.getQueryType()
  return type && data !== null ? costOfSelection(costing, type, operation.selectionSet, data) : 0
}
