import { buildSchema } from 'graphql'

/*
 * The part of the GraphQL Admin API 2026-10 that a backfill reads, with the types and nullability of the published schema.
 */

const RANGE = 'first: Int, after: String, last: Int, before: String, reverse: Boolean = false'

const connection = (node: string): string => `
  type ${node}Connection { edges: [${node}Edge!]! nodes: [${node}!]! pageInfo: PageInfo! }
  type ${node}Edge { cursor: String! node: ${node}! }`

const SDL = `
  scalar DateTime
  scalar Decimal
  scalar Money
  scalar UnsignedInt64
  scalar URL
  enum CurrencyCode { USD EUR GBP JPY KWD }
  enum CountryCode { US DE GB CA FR JP AU KW }
  enum CountPrecision { EXACT AT_LEAST }
  enum OrderSortKeys { CREATED_AT ID ORDER_NUMBER PROCESSED_AT UPDATED_AT }
  enum ProductSortKeys { CREATED_AT ID TITLE UPDATED_AT }
  enum CustomerSortKeys { CREATED_AT ID UPDATED_AT }
  enum BulkOperationsSortKeys { COMPLETED_AT CREATED_AT }
  enum OrderCancelReason { CUSTOMER }
  enum OrderDisplayFinancialStatus { PAID PARTIALLY_REFUNDED PENDING REFUNDED VOIDED }
  enum OrderDisplayFulfillmentStatus { FULFILLED UNFULFILLED }
  enum OrderTransactionKind { REFUND SALE }
  enum OrderTransactionStatus { SUCCESS }
  enum FulfillmentStatus { SUCCESS }
  enum ProductStatus { ACTIVE ARCHIVED DRAFT }
  enum CustomerState { DISABLED }
  enum BulkOperationStatus { CANCELED CANCELING COMPLETED CREATED EXPIRED FAILED RUNNING }
  enum BulkOperationErrorCode { ACCESS_DENIED INTERNAL_SERVER_ERROR TIMEOUT }
  enum BulkOperationType { MUTATION QUERY }
  enum BulkOperationUserErrorCode { INVALID LIMIT_REACHED OPERATION_IN_PROGRESS }

  interface Node { id: ID! }
  type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
  type MoneyV2 { amount: Decimal! currencyCode: CurrencyCode! }
  type MoneyBag { shopMoney: MoneyV2! presentmentMoney: MoneyV2! }
  type Attribute { key: String! value: String }
  type Count { count: Int! precision: CountPrecision! }

  type Order implements Node {
    id: ID!
    legacyResourceId: UnsignedInt64!
    name: String!
    number: Int!
    createdAt: DateTime!
    updatedAt: DateTime!
    processedAt: DateTime!
    cancelledAt: DateTime
    cancelReason: OrderCancelReason
    closedAt: DateTime
    test: Boolean!
    currencyCode: CurrencyCode!
    presentmentCurrencyCode: CurrencyCode!
    displayFinancialStatus: OrderDisplayFinancialStatus
    displayFulfillmentStatus: OrderDisplayFulfillmentStatus!
    sourceName: String
    sourceIdentifier: String
    tags: [String!]!
    note: String
    email: String
    phone: String
    taxesIncluded: Boolean!
    subtotalLineItemsQuantity: Int!
    totalPriceSet: MoneyBag!
    subtotalPriceSet: MoneyBag
    totalTaxSet: MoneyBag
    totalShippingPriceSet: MoneyBag!
    totalDiscountsSet: MoneyBag
    totalRefundedSet: MoneyBag!
    currentTotalPriceSet: MoneyBag!
    netPaymentSet: MoneyBag!
    customer: Customer
    shippingAddress: MailingAddress
    customAttributes: [Attribute!]!
    transactions(first: Int): [OrderTransaction!]!
    refunds(first: Int): [Refund!]!
    fulfillments(first: Int): [Fulfillment!]!
    lineItems(${RANGE}): LineItemConnection!
  }
  type LineItem implements Node {
    id: ID!
    name: String!
    sku: String
    title: String!
    variantTitle: String
    quantity: Int!
    currentQuantity: Int!
    vendor: String
    originalUnitPriceSet: MoneyBag!
    originalTotalSet: MoneyBag!
    discountedTotalSet: MoneyBag!
    totalDiscountSet: MoneyBag!
    product: Product
    variant: ProductVariant
    customAttributes: [Attribute!]!
  }
  type OrderTransaction implements Node {
    id: ID!
    kind: OrderTransactionKind!
    status: OrderTransactionStatus!
    gateway: String
    test: Boolean!
    createdAt: DateTime!
    processedAt: DateTime
    amountSet: MoneyBag!
    fees: [TransactionFee!]!
    parentTransaction: OrderTransaction
  }
  type TransactionFee implements Node { id: ID! type: String! amount: MoneyV2! taxAmount: MoneyV2! }
  type Refund implements Node {
    id: ID!
    legacyResourceId: UnsignedInt64!
    createdAt: DateTime
    processedAt: DateTime!
    updatedAt: DateTime!
    note: String
    order: Order!
    totalRefundedSet: MoneyBag!
    refundLineItems(${RANGE}): RefundLineItemConnection!
    transactions(${RANGE}): OrderTransactionConnection!
  }
  type RefundLineItem {
    id: ID
    quantity: Int!
    lineItem: LineItem!
    priceSet: MoneyBag!
    subtotalSet: MoneyBag!
    totalTaxSet: MoneyBag!
  }
  type Fulfillment implements Node {
    id: ID!
    legacyResourceId: UnsignedInt64!
    name: String!
    status: FulfillmentStatus!
    createdAt: DateTime!
    updatedAt: DateTime!
    deliveredAt: DateTime
    totalQuantity: Int!
    trackingInfo(first: Int): [FulfillmentTrackingInfo!]!
    fulfillmentLineItems(${RANGE}): FulfillmentLineItemConnection!
  }
  type FulfillmentTrackingInfo { company: String number: String url: URL }
  type FulfillmentLineItem implements Node { id: ID! quantity: Int lineItem: LineItem! }
  type Product implements Node {
    id: ID!
    legacyResourceId: UnsignedInt64!
    title: String!
    handle: String!
    status: ProductStatus!
    vendor: String!
    productType: String!
    tags: [String!]!
    createdAt: DateTime!
    updatedAt: DateTime!
    variants(${RANGE}): ProductVariantConnection!
  }
  type ProductVariant implements Node {
    id: ID!
    legacyResourceId: UnsignedInt64!
    sku: String
    title: String!
    price: Money!
    compareAtPrice: Money
    barcode: String
    inventoryQuantity: Int
    createdAt: DateTime!
    updatedAt: DateTime!
    product: Product!
    inventoryItem: InventoryItem!
  }
  type InventoryItem implements Node { id: ID! tracked: Boolean! unitCost: MoneyV2 }
  type CustomerEmailAddress { emailAddress: String! }
  type CustomerPhoneNumber { phoneNumber: String! }
  type MailingAddress implements Node { id: ID! city: String provinceCode: String countryCodeV2: CountryCode zip: String }
  type Customer implements Node {
    id: ID!
    legacyResourceId: UnsignedInt64!
    firstName: String
    lastName: String
    displayName: String!
    defaultEmailAddress: CustomerEmailAddress
    defaultPhoneNumber: CustomerPhoneNumber
    defaultAddress: MailingAddress
    createdAt: DateTime!
    updatedAt: DateTime!
    numberOfOrders: UnsignedInt64!
    amountSpent: MoneyV2!
    state: CustomerState!
    tags: [String!]!
  }

  type AccessScope { handle: String! description: String! }
  type AppInstallation implements Node { id: ID! accessScopes: [AccessScope!]! }
  type ShopPlan { publicDisplayName: String! shopifyPlus: Boolean! partnerDevelopment: Boolean! }
  type Shop implements Node {
    id: ID!
    name: String!
    email: String!
    myshopifyDomain: String!
    currencyCode: CurrencyCode!
    ianaTimezone: String!
    createdAt: DateTime!
    plan: ShopPlan!
  }
  type BulkOperation implements Node {
    id: ID!
    type: BulkOperationType!
    status: BulkOperationStatus!
    errorCode: BulkOperationErrorCode
    createdAt: DateTime!
    completedAt: DateTime
    objectCount: UnsignedInt64!
    rootObjectCount: UnsignedInt64!
    fileSize: UnsignedInt64
    url: URL
    partialDataUrl: URL
    query: String!
  }
  type BulkOperationUserError { code: BulkOperationUserErrorCode field: [String!] message: String! }
  type UserError { field: [String!] message: String! }
  type BulkOperationRunQueryPayload { bulkOperation: BulkOperation userErrors: [BulkOperationUserError!]! }
  type BulkOperationCancelPayload { bulkOperation: BulkOperation userErrors: [UserError!]! }

  type QueryRoot {
    shop: Shop!
    currentAppInstallation: AppInstallation!
    node(id: ID!): Node
    nodes(ids: [ID!]!): [Node]!
    order(id: ID!): Order
    refund(id: ID!): Refund
    product(id: ID!): Product
    customer(id: ID!): Customer
    orders(${RANGE}, query: String, sortKey: OrderSortKeys = PROCESSED_AT): OrderConnection!
    products(${RANGE}, query: String, sortKey: ProductSortKeys = ID): ProductConnection!
    customers(${RANGE}, query: String, sortKey: CustomerSortKeys = ID): CustomerConnection!
    ordersCount(query: String, limit: Int = 10000): Count
    productsCount(query: String, limit: Int = 10000): Count
    customersCount(query: String, limit: Int = 10000): Count
    bulkOperation(id: ID!): BulkOperation
    bulkOperations(${RANGE}, query: String, sortKey: BulkOperationsSortKeys = CREATED_AT): BulkOperationConnection!
  }
  type Mutation {
    bulkOperationRunQuery(query: String!, groupObjects: Boolean! = false): BulkOperationRunQueryPayload
    bulkOperationCancel(id: ID!): BulkOperationCancelPayload
  }
  schema { query: QueryRoot mutation: Mutation }
  ${['Order', 'LineItem', 'Product', 'ProductVariant', 'Customer', 'RefundLineItem', 'OrderTransaction', 'FulfillmentLineItem', 'BulkOperation'].map(connection).join('')}
`

/** Built once: it holds no state. */
export const SHOPIFY_SCHEMA = buildSchema(SDL)
