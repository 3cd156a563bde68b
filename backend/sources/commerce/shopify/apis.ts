import { RetryLater, Throttled } from '../../../base/errors'
import { isRecord, jsonIn } from '../../../base/json'
import type { Api, RawAnswer, Verdict } from '../../../contract'

/*
 * How often Shopify may be asked. Of a shop, an app has a bucket of points for GraphQL and one of calls for REST. Both are filled again
 * within 20 s, whatever the plan of the shop, so that as many as the bucket holds may be used in every 20 s. How many that are, each
 * answer says; until the first one, a bucket counts as that of the smallest plan.
 */

export const GRAPHQL_PART = 'shopify.graphql'
export const REST_PART = 'shopify.rest'
/** https://shopify.dev/docs/api/usage/limits: 20 times what comes back in a second. */
const WINDOW_MS = 20_000
/** Points of the smallest bucket that was ever published. */
const LEAST_POINTS = 1000
/** A shop of a lower plan that refuses for lack of points has some of them back after this time, ms. */
const REST_MS = 2000

const number = (value: unknown): number | undefined => (typeof value === 'number' && Number.isFinite(value) ? value : undefined)

interface Cost {
  requested: number | undefined
  actual: number | undefined
  most: number | undefined
  left: number | undefined
  perSecond: number | undefined
}

function costIn(body: Record<string, unknown>): Cost {
  const at = (value: unknown, name: string): unknown => (isRecord(value) ? value[name] : undefined)
  const cost = at(body.extensions, 'cost')
  const status = at(cost, 'throttleStatus')
  return {
    requested: number(at(cost, 'requestedQueryCost')),
    actual: number(at(cost, 'actualQueryCost')),
    most: number(at(status, 'maximumAvailable')),
    left: number(at(status, 'currentlyAvailable')),
    perSecond: number(at(status, 'restoreRate')),
  }
}

const isThrottled = ({ errors }: Record<string, unknown>): boolean =>
  Array.isArray(errors) &&
  errors.some((one) => isRecord(one) && (isRecord(one.extensions) ? one.extensions.code === 'THROTTLED' : one.message === 'Throttled'))

/** Points that may be used in every window: never more than the bucket holds, nor than come back. */
function limitOf({ most, perSecond }: Cost): Verdict['limits'] {
  const figures = [most, perSecond && (perSecond * WINDOW_MS) / 1000].filter((figure) => figure !== undefined)
  return figures.length < 2 ? [] : [{ api: GRAPHQL_PART, requests: Math.floor(Math.min(...figures)) }]
}

function waitFor({ requested, left, perSecond }: Cost): Verdict {
  const lacking = requested === undefined || left === undefined ? undefined : Math.max(0, requested - left)
  const ms = lacking === undefined || !perSecond ? REST_MS : Math.ceil((lacking / perSecond) * 1000)
  const until = new Date(Date.now() + ms)
  return {
    error: new Throttled(GRAPHQL_PART, until),
    block: [{ api: GRAPHQL_PART, until, reason: 'the shop has too few points left (THROTTLED)' }],
  }
}

/** The body of an answer, if it is an object of JSON. */
function objectIn(text: string): Record<string, unknown> | undefined {
  const body = jsonIn(text)
  return isRecord(body) ? body : undefined
}

function understandGraphql(text: string): Verdict {
  const body = objectIn(text)
  if (!body) return {}
  const cost = costIn(body)
  const told: Verdict = {
    limits: limitOf(cost),
    remaining: cost.left === undefined ? [] : [{ api: GRAPHQL_PART, tokens: Math.floor(cost.left) }],
  }
  if (isThrottled(body)) return { ...told, ...waitFor(cost), cost: { [GRAPHQL_PART]: 0 } }
  const paid = cost.actual ?? cost.requested
  return paid === undefined ? told : { ...told, cost: { [GRAPHQL_PART]: Math.ceil(paid) } }
}

/** `32/40`: calls that were used, and that there are. */
function understandRest(headers: RawAnswer['headers']): Verdict {
  const [, used, of] = /^(\d+)\/(\d+)$/.exec(headers['x-shopify-shop-api-call-limit'] ?? '') ?? []
  if (used === undefined || of === undefined) return {}
  return {
    limits: [{ api: REST_PART, requests: Number(of) }],
    remaining: [{ api: REST_PART, tokens: Math.max(0, Number(of) - Number(used)) }],
  }
}

/** Whether Shopify itself refuses the token; a 401 of a gateway before it says nothing of the token. */
export const isDenied = ({ status, text }: RawAnswer): boolean => status === 401 && /"\[API\] Invalid API key or access token/.test(text)

/** What an answer of Shopify says beyond its status. A 429 is read from its status and Retry-After. */
export function understandShopify(answer: RawAnswer): Verdict {
  const { status, headers, text, parts = [] } = answer
  if (status === 401 && !isDenied(answer))
    return { error: new RetryLater('http_401', 'shopify answered 401, but not as Shopify refuses a token: something before it may have') }
  if (parts.includes(REST_PART)) return understandRest(headers)
  return status === 200 && parts.includes(GRAPHQL_PART) ? understandGraphql(text) : {}
}

export const shopify: Api = {
  url: { setting: 'SHOPIFY_URL' },
  limit: { scope: 'host' },
  parts: {
    [GRAPHQL_PART]: { scope: 'host', requests: LEAST_POINTS, perMs: WINDOW_MS, tokens: true, backfillShare: 0.9 },
    [REST_PART]: { scope: 'host', requests: 40, perMs: WINDOW_MS, backfillShare: 0.9 },
  },
  account: { kind: 'shopify', header: ({ access }) => ({ 'X-Shopify-Access-Token': access }), isDenied },
  understand: understandShopify,
}

/** Where bulk files are. Their addresses are signed, so no token is sent. Files count against no limit. */
export const shopifyFiles: Api = {
  url: { template: 'https://{host}' },
  limit: { scope: 'host', concurrent: 8 },
}
