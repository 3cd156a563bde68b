import { z } from 'zod'
import { Held, Refused, RetryLater } from '../../../base/errors'
import type { Json } from '../../../base/json'
import { type HttpAnswer, type Io, issuesOf } from '../../../contract'
import type { Speaker } from '../accounts/way'
import { GRAPHQL_PART, isDenied, REST_PART } from './apis'
import type { Query } from './queries'

/** What of a read the client uses. */
export type ShopifyIo = Pick<Io, 'http' | 'settings'>

/** A connected shop. */
export interface Shop {
  /** The id of its credential. */
  credential: string
  /** The name in its domain: `example` of `example.myshopify.com`. */
  name: string
}

export interface Answer<T> {
  data: T
  /** When it was asked for, by the database's clock. */
  sentAt: Date
  /** That another version of the API answered. */
  notes: string[]
}

/**
 * The app may not read what was asked for: a scope is missing, or Shopify has not approved the app for data of customers. A person can
 * connect the shop again with more; a stream may rather go on without.
 */
export class AccessDenied extends Held {
  override name = 'AccessDenied'
  /** @param says Shopify's own words */
  constructor(
    credential: string,
    readonly says: string,
  ) {
    super(`credential/${credential}`, `${credential} must be connected again with more rights: ${says}`)
  }
}

const envelope = z.object({
  data: z.unknown().optional(),
  errors: z.array(z.object({ message: z.string(), extensions: z.object({ code: z.string().optional() }).nullish() })).nullish(),
})

const versionOf = ({ settings }: ShopifyIo): string => String(settings.SHOPIFY_API_VERSION)
const pathOf = (io: ShopifyIo, path: string): string => `/admin/api/${versionOf(io)}${path}`

/** A version that is no longer supported falls forward without an error: another one may know other fields. */
function notesOf(io: ShopifyIo, { headers }: Pick<HttpAnswer<unknown>, 'headers'>): string[] {
  const [asked, answered] = [versionOf(io), headers['x-shopify-api-version'] ?? versionOf(io)]
  if (asked === answered) return []
  return [
    `Shopify answered with version ${answered} of its API instead of ${asked}: set SHOPIFY_API_VERSION to a version that it still supports.`,
  ]
}

/**
 * Asks a shop by GraphQL.
 * @throws {AccessDenied}
 * @throws {Refused} `input` naming `token` where Shopify does not accept one that is not stored yet
 * @throws {RetryLater} `graphql` for any other error in the answer, `shape` where it is not as expected
 */
export async function ask<T>(
  io: ShopifyIo,
  shop: Speaker & Pick<Shop, 'name'>,
  query: Query<T>,
  variables: Record<string, Json> = {},
): Promise<Answer<T>> {
  const answer = await io.http('shopify').request({
    method: 'POST',
    path: pathOf(io, '/graphql.json'),
    body: { query: query.text, variables },
    ...('credential' in shop
      ? { account: shop.credential }
      : { headers: { 'X-Shopify-Access-Token': shop.tokens.access }, accept: [401], isAnswer: isDenied }),
    scopeOf: shop.name,
    parts: { [GRAPHQL_PART]: query.cost },
    schema: envelope,
  })
  if (answer.status === 401)
    throw new Refused(
      'input',
      `Shopify does not accept this token for ${shop.name}: copy the Admin API access token of an app that is installed in this shop.`,
      'token',
    )
  const { data, errors } = answer.data ?? {}
  const denied = errors?.find(({ extensions }) => extensions?.code === 'ACCESS_DENIED')
  if (denied) throw new AccessDenied('credential' in shop ? shop.credential : shop.label, denied.message)
  // An answer with errors lacks something, even if it has data.
  const [error] = errors ?? []
  if (error)
    throw new RetryLater('graphql', `Shopify answered ${query.name} with ${error.extensions?.code ?? 'an error'}: ${error.message}`)
  const parsed = query.schema.safeParse(data)
  if (!parsed.success) throw new RetryLater('shape', `Shopify answered ${query.name} in another form: ${issuesOf(parsed.error)}`)
  return { data: parsed.data, sentAt: answer.sentAt, notes: notesOf(io, answer) }
}

const REFUSED = /"\[API\] [^"]*/

/**
 * Asks a shop by REST.
 * @param path below the version: `/orders.json?limit=250`
 * @throws {AccessDenied}
 */
export async function call<T>(
  io: ShopifyIo,
  shop: Shop,
  path: string,
  schema: z.ZodType<T>,
): Promise<Answer<T> & { headers: HttpAnswer<T>['headers'] }> {
  const answer = await io.http('shopify').request({
    path: pathOf(io, path),
    account: shop.credential,
    scopeOf: shop.name,
    parts: { [REST_PART]: 1 },
    schema,
    accept: [403],
    isAnswer: ({ text }) => REFUSED.test(text),
  })
  if (answer.status === 403) throw new AccessDenied(shop.credential, REFUSED.exec(answer.text)?.[0].slice(1) ?? '')
  return { data: answer.data as T, sentAt: answer.sentAt, notes: notesOf(io, answer), headers: answer.headers }
}
