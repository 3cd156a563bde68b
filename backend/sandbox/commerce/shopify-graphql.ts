import { type DocumentNode, execute, getOperationAST, type OperationDefinitionNode } from 'graphql'
import type { Ask } from '../base/exchange'
import { costOf } from './shopify-cost'
import type { ShopifyLimits } from './shopify-limits'
import { fragmentsOf, parsedQuery } from './shopify-query'
import { type Reader, rootOf } from './shopify-root'
import { SHOPIFY_SCHEMA } from './shopify-schema'

/** A single query may cost so much. */
const MAX_COST = 1000

interface Request {
  query: string
  variables: Record<string, unknown>
  operationName?: string
}

/** A request that is none is undefined. */
function requestOf(body: string): Request | undefined {
  try {
    const { query, variables, operationName } = JSON.parse(body) ?? {}
    if (typeof query === 'string') return { query, variables: variables ?? {}, ...(operationName ? { operationName } : {}) }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return undefined
}

/** The name of the operation in a body, for the arrival log. */
export const operationName = (body: string): string | undefined => /\b(?:query|mutation)\s+(\w+)/.exec(requestOf(body)?.query ?? '')?.[1]

function tooCostly(cost: number) {
  const message = `Query cost is ${cost}, which exceeds the single query max cost limit (${MAX_COST}).`
  return { errors: [{ message, extensions: { code: 'MAX_COST_EXCEEDED', cost, maxCost: MAX_COST } }] }
}

/** What the endpoint answers with HTTP 200. @param bulk the fields at the root that concern bulk operations */
export async function answerGraphql(ask: Ask, reader: Reader, limits: ShopifyLimits, bulk: object): Promise<object> {
  const request = requestOf(ask.body)
  if (!request) return { errors: [{ message: 'the body must be JSON with a query' }] }
  const parsed = parsedQuery(request.query)
  if ('errors' in parsed) return { errors: parsed.errors }
  const { document } = parsed
  const operation = getOperationAST(document, request.operationName)
  if (!operation) return { errors: [{ message: 'An operation name is required' }] }
  return answerOperation(ask, reader, limits, { ...request, document, operation, bulk })
}

type Operation = Request & { document: DocumentNode; operation: OperationDefinitionNode; bulk: object }

async function answerOperation(ask: Ask, reader: Reader, limits: ShopifyLimits, asked: Operation): Promise<object> {
  const { document, operation, variables } = asked
  const { number } = reader.parts.store.user
  const costing = { fragments: fragmentsOf(document), variables }
  const requested = costOf(operation, costing)
  if (requested > MAX_COST) return tooCostly(requested)
  if (!limits.take(ask, number, requested, reader.take)) {
    const errors = [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }]
    return { errors, extensions: { cost: limits.settle(ask, number, requested, null) } }
  }
  const answer = await execute({
    schema: SHOPIFY_SCHEMA,
    document,
    rootValue: { ...rootOf(reader), ...asked.bulk },
    variableValues: variables,
    operationName: asked.operationName ?? null,
  })
  const actual = costOf(operation, costing, answer.data ?? null)
  return { ...answer, extensions: { cost: limits.settle(ask, number, requested, actual) } }
}
