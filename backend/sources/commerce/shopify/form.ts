import type { Json } from '../../../base/json'
import { compareIds } from './ids'

/*
 * The three forms in which Shopify shows an object. Each is turned into one, that of a node of a GraphQL page, and read from there.
 */

/** The parts of an order as they came, in the order of those of its node. */
export interface RawParts {
  lines: readonly Json[]
  fulfillments: readonly Json[]
  refunds: readonly Json[]
}

/** What turns one form into nodes. What is no object is returned as it is, so that the reader rejects it. */
export interface Form {
  order(raw: unknown): unknown
  parts(raw: Json): RawParts
  /** The order without its lines, which keep their own. */
  rawOrder(raw: Json): Json
  transaction(raw: unknown): unknown
  /** @param currency of the order */
  refundLine(raw: unknown, currency: string | null): unknown
  product(raw: unknown): unknown
  /** The product with its variants in the order of their ids, however they came. */
  rawProduct(raw: Json): Json
  customer(raw: unknown): unknown
}

const same = (raw: unknown): unknown => raw
const list = (value: unknown): readonly Json[] => (Array.isArray(value) ? value : [])

interface Node {
  lineItems: { nodes: readonly Json[] }
  fulfillments?: unknown
  refunds?: unknown
}

/** Nodes of pages, and objects of bulk files with the lines that belong to them. */
export const GRAPHQL: Form = {
  order: same,
  parts(raw) {
    const { lineItems, fulfillments, refunds } = raw as unknown as Node
    return { lines: lineItems.nodes, fulfillments: list(fulfillments), refunds: list(refunds) }
  },
  rawOrder(raw) {
    const { lineItems: _, ...order } = raw as Record<string, Json>
    return order
  },
  transaction: same,
  refundLine: same,
  product: same,
  rawProduct(raw) {
    const { variants, ...product } = raw as unknown as { variants: { nodes: readonly { id: string }[] } }
    return { ...product, variants: { nodes: [...variants.nodes].sort((a, b) => compareIds(a.id, b.id)) } } as Json
  },
  customer: same,
}
