import { setTimeout as wait } from 'node:timers/promises'
import { type Ask, json, type Reply } from '../base/exchange'
import type { SandboxApi, SandboxSettings } from '../base/source'
import type { Take } from './faults'
import type { User } from './people'
import { CLIENT_ID, CLIENT_SECRET, type ShopifyAccess } from './shopify-access'
import type { BulkOperations } from './shopify-bulk'
import type { Customers } from './shopify-customers'
import { FILES } from './shopify-files'
import { answerGraphql, operationName } from './shopify-graphql'
import { refusedBy, type ShopifyLimits, unauthorized } from './shopify-limits'
import { answerConsent, answerTokens } from './shopify-oauth'
import { answerRest, answerScopes } from './shopify-rest'
import type { Reader } from './shopify-root'
import type { World } from './world'

/** A shop is named by its domain, or by the name in it, as a base URL with `{shop}` may end in either. */
const PATH = /^\/([a-z0-9-]+?)(?:\.myshopify\.com)?(\/.*)$/
const VERSIONED = /^\/admin\/api\/(\d{4}-\d{2})(\/.*)$/
const GRAPHQL = '/graphql.json'
const SCOPES = '/admin/oauth/access_scopes.json'
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
    this.limits = parts.limits.forProduct()
  }

  private find({ path }: Ask): { user: User; rest: string } | undefined {
    const [, name, rest] = PATH.exec(path) ?? []
    const user = this.parts.world.users.find(({ shops }) => shops.shopify.name === name)
    return user && rest !== undefined ? { user, rest } : undefined
  }

  route(ask: Ask): string {
    const { rest = '' } = this.find(ask) ?? {}
    if (rest.endsWith(GRAPHQL)) return operationName(ask.body) ?? 'graphql'
    return /^\/admin\/(?:oauth|api\/[\d-]+)\/(\w+)/.exec(rest)?.[1] ?? 'unknown'
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
    const fault = take('shopify-denied')
    const denied = fault && String(fault.field ?? 'customers')
    return this.read(ask, rest, { parts: this.orderParts(user), scopes: grant.scopes, denied, take })
  }

  private orderParts(user: User): Reader['parts'] {
    const { world, customers, noteBytes } = this.parts
    return { store: { world, user }, customers, noteBytes }
  }

  private async read(ask: Ask, rest: string, reader: Reader): Promise<Reply> {
    const [, version = '', path] = VERSIONED.exec(rest) ?? []
    if (rest === SCOPES) return answerScopes(reader)
    if (path === undefined || (path === GRAPHQL && ask.method !== 'POST')) return notFound()
    const other = reader.take('shopify-version')
    const answered = other ? String(other.version ?? VERSIONS[0]) : VERSIONS.includes(version) ? version : (VERSIONS[0] as string)
    const answer = path === GRAPHQL ? await this.query(ask, reader) : this.call(ask, reader, path)
    const headers = { ...answer.headers, 'x-shopify-api-version': answered }
    const late = reader.take('shopify-late')
    if (late) await wait(Number(late.ms ?? 5_000), undefined, { ref: false })
    return { ...answer, headers, ...(reader.take('shopify-lost') ? { cut: true } : {}) }
  }

  private async query(ask: Ask, reader: Reader): Promise<Reply> {
    const bulk = this.parts.bulk.rootOf(reader, `http://${ask.headers.host}${FILES}`)
    return json(await answerGraphql(ask, reader, this.parts.limits, bulk))
  }

  private call(ask: Ask, reader: Reader, path: string): Reply {
    const { limits } = this.parts
    const { number } = reader.parts.store.user
    const answer = limits.refuseCall(ask, number) ?? answerRest(ask, reader, path)
    return { ...answer, headers: { ...answer.headers, ...limits.callHeaders(ask, number) } }
  }

  reset(): void {
    this.parts.limits.reset()
    this.parts.access.reset()
  }
}

const notFound = (): Reply => json({ errors: 'Not Found' }, 404)
