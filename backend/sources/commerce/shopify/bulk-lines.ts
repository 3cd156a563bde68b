import { isRecord, type Json } from '../../../base/json'
import type { Reject } from '../../../contract'
import type { BulkLine, BulkRoot } from '../store/bulk'

/*
 * Lines of bulk files, which are JSON objects: one for each object at the root of the query, and one for each object of its connections,
 * which names its parent.
 */

const textOr = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** A line of a file, or why it is none. @param place from 0 @param file what the file is called in rejects */
export function readLine(text: string, place: number, file: string): BulkLine | Reject {
  const reject = (detail: string): Reject => ({ key: `line ${place} of ${file}`, reason: 'malformed_line', detail, raw: text })
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    // Nothing else is thrown by JSON.parse.
    return reject((error as SyntaxError).message)
  }
  if (!isRecord(content)) return reject('The line is no object.')
  return { line: place, objectId: textOr(content.id), parentId: textOr(content.__parentId), content: content as Json }
}

/** Where the objects below a root are in its node. */
const CONNECTIONS: Record<string, string> = { LineItem: 'lineItems', ProductVariant: 'variants' }
const OWN: Record<string, string> = { Order: 'lineItems', Product: 'variants' }

/** A root with the lines below it as the node that a page would show. */
export function nodeOf({ content, below }: BulkRoot): Json {
  const node: Record<string, Json> = { ...(content as Record<string, Json>) }
  const connection = OWN[String(node.__typename)]
  if (connection === undefined) return node
  const nodes = below.flatMap(({ content: one }) => {
    const { __parentId: _, ...child } = one as Record<string, Json>
    return CONNECTIONS[String(child.__typename)] === connection ? [child as Json] : []
  })
  return { ...node, [connection]: { nodes } }
}
