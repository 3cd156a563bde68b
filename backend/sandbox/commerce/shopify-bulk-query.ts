import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  getArgumentValues,
  getNamedType,
  getNullableType,
  getOperationAST,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql'
import type { Connection, Doc } from './shopify-connection'
import type { Listing } from './shopify-lists'
import { fragmentsOf, parsedQuery } from './shopify-query'
import { SHOPIFY_SCHEMA } from './shopify-schema'

/*
 * The queries that bulk operations take, and the lines that they make of an object: its own, and one for each object of its
 * connections.
 */

const ROOTS = ['orders', 'products', 'customers'] as const
const MAX_CONNECTIONS = 5
const MAX_DEPTH = 2

export interface BulkQuery {
  root: (typeof ROOTS)[number]
  listing: Listing
  type: GraphQLNamedType
  selection: SelectionSetNode
  fragments: Record<string, FragmentDefinitionNode>
}

/** A query that no bulk operation takes; the message says why. */
export class BadBulkQuery extends Error {}

interface Selected {
  field: FieldNode
  definition: GraphQLField<unknown, unknown>
  named: GraphQLNamedType
}

const isConnection = ({ name }: GraphQLNamedType): boolean => name.endsWith('Connection')

/** The fields of a selection, fragments included. */
function* fieldsOf(query: Pick<BulkQuery, 'fragments'>, type: GraphQLNamedType, set: SelectionSetNode): Generator<Selected> {
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) {
      const definition = isObjectType(type) || isInterfaceType(type) ? type.getFields()[selection.name.value] : undefined
      if (definition) yield { field: selection, definition, named: getNamedType(definition.type) }
      continue
    }
    const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? query.fragments[selection.name.value] : selection
    if (fragment) yield* fieldsOf(query, type, fragment.selectionSet)
  }
}

/** The selection of each object of a connection, whether asked for as nodes or in edges. */
function nodeSelection(query: Pick<BulkQuery, 'fragments'>, connection: Selected): { type: GraphQLNamedType; set: SelectionSetNode } {
  const inner = (of: Selected, name: string): Selected | undefined =>
    of.field.selectionSet && [...fieldsOf(query, of.named, of.field.selectionSet)].find(({ field }) => field.name.value === name)
  const edges = inner(connection, 'edges')
  const node = inner(connection, 'nodes') ?? (edges && inner(edges, 'node'))
  if (!node?.field.selectionSet) throw new BadBulkQuery('A connection must select its nodes.')
  return { type: node.named, set: node.field.selectionSet }
}

/** Checks the connections below an object, and counts them. @throws {BadBulkQuery} */
function countConnections(
  query: Pick<BulkQuery, 'fragments'>,
  type: GraphQLNamedType,
  set: SelectionSetNode,
  depth: number,
  inList: boolean,
): number {
  let count = 0
  for (const selected of fieldsOf(query, type, set)) {
    const { field, definition, named } = selected
    if (!field.selectionSet) continue
    if (!isConnection(named)) {
      const isList = inList || isListType(getNullableType(definition.type))
      count += countConnections(query, named, field.selectionSet, depth, isList)
      continue
    }
    if (inList) throw new BadBulkQuery('Queries that contain a connection field within a list field are not currently supported.')
    if (depth >= MAX_DEPTH)
      throw new BadBulkQuery(`Bulk queries cannot contain connections with a nesting depth greater than ${MAX_DEPTH}.`)
    if (![...fieldsOf(query, type, set)].some((one) => one.field.name.value === 'id' && !one.field.alias))
      throw new BadBulkQuery(
        `The parent 'node' field for a nested connection must select the 'id' field without an alias and must be of 'ID' return type. Connection fields without 'id': ${field.name.value}.`,
      )
    const inner = nodeSelection(query, selected)
    count += 1 + countConnections(query, inner.type, inner.set, depth + 1, false)
  }
  return count
}

/** @throws {BadBulkQuery} */
export function bulkQueryOf(text: string): BulkQuery {
  const parsed = parsedQuery(text)
  if ('errors' in parsed) throw new BadBulkQuery(`Invalid bulk query: ${parsed.errors[0]?.message}`)
  const operation = getOperationAST(parsed.document)
  const type = SHOPIFY_SCHEMA.getQueryType()
  if (operation?.operation !== 'query' || !type) throw new BadBulkQuery('Invalid bulk query: it must hold one query.')
  const fragments = fragmentsOf(parsed.document)
  const [selected, ...others] = fieldsOf({ fragments }, type, operation.selectionSet)
  const root = ROOTS.find((name) => name === selected?.field.name.value)
  if (!selected || !root || others.length > 0) throw new BadBulkQuery('Bulk queries must contain exactly one connection at the top.')
  const { type: named, set } = nodeSelection({ fragments }, selected)
  const count = 1 + countConnections({ fragments }, named, set, 1, false)
  if (count > MAX_CONNECTIONS) throw new BadBulkQuery(`Bulk queries cannot contain more than ${MAX_CONNECTIONS} connections.`)
  return { root, listing: getArgumentValues(selected.definition, selected.field), type: named, selection: set, fragments }
}

type Line = Record<string, unknown>

function readField(doc: Doc, { field, definition }: Selected): unknown {
  const value = doc[definition.name]
  return typeof value === 'function' ? value({ ...getArgumentValues(definition, field), whole: true }) : value
}

/** What a selection makes of an object; those of its connections are added to `children`. */
function lineOf(query: BulkQuery, type: GraphQLNamedType, set: SelectionSetNode, doc: Doc, children: Line[]): Line {
  const line: Line = {}
  for (const selection of set.selections)
    if (selection.kind === Kind.FIELD && selection.name.value === '__typename') line[selection.alias?.value ?? '__typename'] = type.name
  for (const selected of fieldsOf(query, type, set)) {
    const { field, named } = selected
    const value = readField(doc, selected)
    if (isConnection(named)) {
      const inner = nodeSelection(query, selected)
      for (const node of (value as Connection).nodes) {
        const own: Line[] = []
        children.push({ ...lineOf(query, inner.type, inner.set, node, own), __parentId: doc.id }, ...own)
      }
      continue
    }
    const { selectionSet } = field
    const object = (one: unknown) => (selectionSet && one ? lineOf(query, named, selectionSet, one as Doc, children) : one)
    line[field.alias?.value ?? field.name.value] = Array.isArray(value) ? value.map(object) : object(value)
  }
  return line
}

/** The line of an object at the root, and those of the objects below it. */
export function linesOf(query: BulkQuery, doc: Doc): { line: Line; children: Line[] } {
  const children: Line[] = []
  return { line: lineOf(query, query.type, query.selection, doc, children), children }
}
