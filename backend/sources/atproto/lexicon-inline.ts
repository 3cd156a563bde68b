import type { Json } from '../../base/json'

type Node = { [key: string]: Json | undefined }

const isNode = (value: Json | undefined): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * A lexicon whose inline objects are definitions of their own, named by their place, with references in their stead: the
 * schema of @atproto/lexicon has no inline ones, and lexicons in use do.
 */
export function withoutInline(document: Json): Json {
  if (!isNode(document) || !isNode(document.defs)) return document
  const added: [string, Json][] = []
  const own = Object.entries(document.defs).map(([name, node]): [string, Json | undefined] => [name, outline(node, [name], added)])
  return { ...document, defs: Object.fromEntries([...own, ...added]) }
}

function outline(node: Json | undefined, place: string[], added: [string, Json][]): Json | undefined {
  if (!isNode(node)) return node
  const { properties, items, record } = node
  const made: Node = { ...node }
  if (isNode(properties))
    made.properties = Object.fromEntries(
      Object.entries(properties).map(([name, inner]) => [name, moved(inner, [...place, 'properties', name], added, ['object'])]),
    )
  if (isNode(items)) made.items = moved(items, [...place, 'items'], added, ['object', 'array'])
  if (isNode(record)) made.record = outline(record, [...place, 'record'], added)
  for (const side of ['input', 'output', 'message']) {
    const body = node[side]
    if (isNode(body)) made[side] = { ...body, schema: outline(body.schema, [...place, side, 'schema'], added) }
  }
  return made
}

/** A reference, where what stands here is of one of these types. */
function moved(inner: Json | undefined, place: string[], added: [string, Json][], types: readonly string[]): Json | undefined {
  const made = outline(inner, place, added)
  if (!isNode(made) || typeof made.type !== 'string' || !types.includes(made.type)) return made
  const name = place.join('.')
  added.push([name, made])
  return { type: 'ref', ref: `#${name}` }
}
