/*
 * What is asked of each object, once for pages and bulk operations, so that both give the same. Personal data is asked of customers only.
 */

const BAG = '{ shopMoney { amount currencyCode } }'
const MONEY = '{ amount currencyCode }'
export const PAGE_INFO = 'pageInfo { hasNextPage endCursor }'

export const LINE = `__typename id sku title variantTitle quantity currentQuantity vendor originalUnitPriceSet ${BAG} totalDiscountSet ${BAG}
  product { id } variant { id }`

/** @param withCustomer a customer may only be named with the scope `read_customers` */
export const orderFields = (
  withCustomer: boolean,
): string => `__typename id legacyResourceId name createdAt processedAt updatedAt cancelledAt
  test displayFinancialStatus displayFulfillmentStatus currencyCode presentmentCurrencyCode sourceName subtotalLineItemsQuantity
  totalPriceSet ${BAG} subtotalPriceSet ${BAG} totalTaxSet ${BAG} totalShippingPriceSet ${BAG} totalDiscountsSet ${BAG}
  ${withCustomer ? 'customer { id }' : ''}
  transactions { id kind status gateway test createdAt processedAt amountSet ${BAG} fees { type amount ${MONEY} taxAmount ${MONEY} } }
  refunds { id createdAt processedAt note totalRefundedSet ${BAG} }
  fulfillments { id status createdAt deliveredAt trackingInfo { company number url } }`

export const REFUND_LINE = `id quantity lineItem { id } subtotalSet ${BAG} totalTaxSet ${BAG}`

export const PRODUCT = '__typename id legacyResourceId title handle status vendor productType tags createdAt updatedAt'
export const VARIANT = `__typename id sku title price inventoryQuantity inventoryItem { unitCost ${MONEY} }`

export const CUSTOMER = `__typename id legacyResourceId firstName lastName defaultEmailAddress { emailAddress }
  defaultPhoneNumber { phoneNumber } defaultAddress { city countryCodeV2 } createdAt updatedAt numberOfOrders amountSpent ${MONEY}`

/*
 * What they cost at most in points: one for each object, two for a connection, https://shopify.dev/docs/api/usage/limits
 */

export const COST = { order: 23, line: 7, refundLine: 6, product: 1, variant: 3, customer: 5, connection: 2 } as const
