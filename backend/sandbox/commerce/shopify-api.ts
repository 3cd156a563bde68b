import { type Ask, json, type Reply } from '../base/exchange'
import type { SandboxApi, SandboxSettings } from '../base/source'
import type { User } from './people'
import { CLIENT_ID, CLIENT_SECRET, type ShopifyAccess } from './shopify-access'
import type { BulkOperations } from './shopify-bulk'
import type { Customers } from './shopify-customers'
import type { Take } from './shopify-faults'
import { FILES } from './shopify-files'
import { answerGraphql, operationName } from './shopify-graphql'
import { refusedBy, type ShopifyLimits, unauthorized } from './shopify-limits'
import { answerConsent, answerTokens } from './shopify-oauth'
import type { Reader } from './shopify-root'
import { domainOf } from './shopify-store'
import type { World } from './world'

const PATH = /^\/([a-z0-9-]+\.myshopify\.com)(\/.*)$/
const VERSIONED = /^\/admin\/api\/(\d{4}-\d{2})(\/.*)$/
const GRAPHQL = '/graphql.json'
/** Supported, oldest first; an older one falls forward to the first without a word. */
const VERSIONS = ['2026-01', '2026-04', '2026-07', '2026-10']

export interface ShopifyParts {
  settings: SandboxSettings
  world: World
  access: ShopifyAccess
  limits: ShopifyLimits
  bulk: BulkOperations
  customers: Customers
  noteBytes: number
}

/** Every shop's host, in the path: `/shopify-shop-0.myshopify.com/admin/…`. */
export class ShopifyApi implements SandboxApi {
  readonly name = 'shopify'
  readonly prefix = '/shopify'
  readonly env = 'SHOPIFY_URL'
  readonly fill = '/{shop}'
  readonly credentials = { SHOPIFY_CLIENT_ID: CLIENT_ID, SHOPIFY_CLIENT_SECRET: CLIENT_SECRET }
  readonly limits

  constructor(private readonly parts: ShopifyParts) {
    this.limits = { shopify: parts.limits.forProduct() }
  }

  private find({ path }: Ask): { user: User; rest: string } | undefined {
    const [, host, rest] = PATH.exec(path) ?? []
    const user = this.parts.world.users.find((one) => domainOf(one) === host)
    return user && rest !== undefined ? { user, rest } : undefined
  }

  route(ask: Ask): string {
    const rest = this.find(ask)?.rest
    if (rest === '/admin/oauth/authorize') return 'authorize'
    if (rest === '/admin/oauth/access_token') return 'token'
    if (!rest?.endsWith(GRAPHQL)) return 'unknown'
    return operationName(ask.body) ?? 'graphql'
  }

  /** A query is matched by the name of its operation: `graphql.json#Orders`. */
  subject(ask: Ask): string {
    const name = ask.path.endsWith(GRAPHQL) ? operationName(ask.body) : undefined
    return `${ask.path}${ask.query === undefined ? '' : `?${ask.query}`}${name === undefined ? '' : `#${name}`}`
  }

  police(): undefined {
    return undefined
  }

  async answer(ask: Ask): Promise<Reply> {
    const { settings, access } = this.parts
    const { context } = settings
    const take: Take = (name) => context.faults.take(name, this.name, ask)
    const found = this.find(ask)
    if (!found) return notFound()
    const { user, rest } = found
    if (rest === '/admin/oauth/authorize') return answerConsent(access, user, ask, take)
    if (rest === '/admin/oauth/access_token') return answerTokens(access, context.violations, user, ask, take)
    const refusal = refusedBy(take)
    if (refusal) return refusal
    const grant = access.reader(ask.headers['x-shopify-access-token'])
    if (grant?.user !== user.number) return unauthorized()
    return this.read(ask, rest, { parts: this.orderParts(user), scopes: grant.scopes, take })
  }

  private orderParts(user: User): Reader['parts'] {
    const { world, customers, noteBytes } = this.parts
    return { store: { world, user }, customers, noteBytes }
  }

  private async read(ask: Ask, rest: string, reader: Reader): Promise<Reply> {
    const [, version = '', path] = VERSIONED.exec(rest) ?? []
    if (path !== GRAPHQL || ask.method !== 'POST') return notFound()
    const other = reader.take('shopify-version')
    const answered = other ? String(other.version ?? VERSIONS[0]) : VERSIONS.includes(version) ? version : (VERSIONS[0] as string)
    const bulk = this.parts.bulk.rootOf(reader, `http://${ask.headers.host}${FILES}`)
    const answer = json(await answerGraphql(ask, reader, this.parts.limits, bulk), 200, { 'x-shopify-api-version': answered })
    return reader.take('shopify-lost') ? { ...answer, cut: true } : answer
  }

  reset(): void {
    this.parts.limits.reset()
    this.parts.access.reset()
  }
}

const notFound = (): Reply => json({ errors: 'Not Found' }, 404)
