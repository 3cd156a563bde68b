import { z } from 'zod'
import { bulkOperation, pageOf, userErrors } from './answers'
import type { ListName, Query } from './queries'
import { CUSTOMER, LINE, orderFields, PAGE_INFO, PRODUCT, VARIANT } from './selections'

/*
 * Bulk operations: their queries, and those that start, find and watch them. They cost no points while they run.
 */

const STATE = 'id status errorCode createdAt objectCount rootObjectCount fileSize url partialDataUrl query'

const SELECTIONS: Record<ListName, (withCustomer: boolean) => string> = {
  orders: (withCustomer) => `${orderFields(withCustomer)} lineItems { edges { node { ${LINE} } } }`,
  products: () => `${PRODUCT} variants { edges { node { ${VARIANT} } } }`,
  customers: () => CUSTOMER,
}

/**
 * The query of an operation.
 * @param search which objects of the list
 * @param name by which the operation is found again
 */
export const bulkQuery = (list: ListName, search: string, withCustomer: boolean, name = 'Bulk'): string =>
  `query ${name} { ${list}(query: ${JSON.stringify(search)}) { edges { node { ${SELECTIONS[list](withCustomer)} } } } }`

/** Starts an operation; variables: `query`. Without grouping: Shopify then works faster, and lines come in any order. */
export const RUN: Query<{ run: { bulkOperation: z.output<typeof bulkOperation> | null; userErrors: z.output<typeof userErrors> } }> = {
  name: 'BulkRun',
  text: `mutation BulkRun($query: String!) { run: bulkOperationRunQuery(query: $query, groupObjects: false) {
  bulkOperation { ${STATE} } userErrors { code message } } }`,
  schema: z.object({ run: z.object({ bulkOperation: bulkOperation.nullable(), userErrors }) }),
  cost: 10,
}

/** What has become of an operation; variables: `id`. Null where Shopify no longer knows it. */
export const POLL: Query<{ operation: z.output<typeof bulkOperation> | null }> = {
  name: 'BulkPoll',
  text: `query BulkPoll($id: ID!) { operation: bulkOperation(id: $id) { ${STATE} } }`,
  schema: z.object({ operation: bulkOperation.nullable() }),
  cost: 1,
}

/** Operations of the app in a shop; variables: `query`, `after`. Their order is not relied on. */
export const OPERATIONS: Query<{
  page: { pageInfo: { hasNextPage: boolean; endCursor: string | null }; nodes: z.output<typeof bulkOperation>[] }
}> = {
  name: 'BulkFind',
  text: `query BulkFind($query: String, $after: String) { page: bulkOperations(first: 50, after: $after, query: $query) {
  ${PAGE_INFO} nodes { ${STATE} } } }`,
  schema: z.object({ page: pageOf(bulkOperation) }),
  cost: 52,
}

/** Operations that were created since a moment. @param since ISO 8601 */
export const operationsSince = (since: string): string => `operation_type:query created_at:>='${since}'`
