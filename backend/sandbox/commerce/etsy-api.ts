import { type Ask, json, type Reply } from '../base/exchange'
import type { SandboxApi, SandboxSettings } from '../base/source'
import { type Access, KEYSTRING, SHARED_SECRET } from './etsy-access'
import type { EtsyLimits } from './etsy-limits'
import { Ledgers } from './etsy-lists'
import { BadQuery } from './etsy-query'
import { notFound, type Route, SHOP_ROUTES } from './etsy-routes'
import { answerToken } from './etsy-token'
import type { Take } from './faults'
import type { World } from './world'

const PING = '/v3/application/openapi-ping'
const ME = '/v3/application/users/me'
const TOKEN = '/v3/public/oauth/token'
const SHOP = /^\/v3\/application\/shops\/(\d+)(\/.*)?$/

interface Found {
  route: Route
  shopId: number
  id: number
}

/** api.etsy.com. */
export class EtsyApi implements SandboxApi {
  readonly name = 'etsy'
  readonly prefix = '/etsy'
  readonly env = 'ETSY_URL'
  readonly credentials = { ETSY_API_KEY: KEYSTRING, ETSY_SHARED_SECRET: SHARED_SECRET }
  readonly limits
  private readonly ledgers: Ledgers

  constructor(
    private readonly settings: SandboxSettings,
    private readonly world: World,
    private readonly access: Access,
    private readonly budget: EtsyLimits,
  ) {
    this.ledgers = new Ledgers(world)
    this.limits = { etsy: budget.forProduct() }
  }

  private find(path: string): Found | undefined {
    const [, shopId, rest = ''] = SHOP.exec(path) ?? []
    if (shopId === undefined) return undefined
    for (const route of SHOP_ROUTES) {
      const parts = route.pattern.exec(rest)
      if (parts) return { route, shopId: Number(shopId), id: Number(parts[1]) }
    }
    return undefined
  }

  route({ path }: Ask): string {
    const fixed: Record<string, string> = { [PING]: 'ping', [ME]: 'me', [TOKEN]: 'token' }
    return fixed[path] ?? this.find(path)?.route.name ?? 'unknown'
  }

  subject(ask: Ask): string {
    return ask.query === undefined ? ask.path : `${ask.path}?${ask.query}`
  }

  police(ask: Ask): Reply | undefined {
    return ask.path === TOKEN ? undefined : this.budget.refuse(ask)
  }

  answer(ask: Ask): Reply {
    const take: Take = (name) => this.settings.context.faults.take(name, this.name, ask)
    if (ask.path === TOKEN) return answerToken(this.access, this.settings.context.violations, ask, take)
    const refusal = this.budget.faulted(ask, take)
    if (refusal) return refusal
    const answer = this.respond(ask, take)
    if (answer.status >= 300) return answer
    return { ...answer, headers: { ...answer.headers, ...this.budget.headers(ask, take) } }
  }

  private respond(ask: Ask, take: Take): Reply {
    const key = take('etsy-403-key') ? KEYSTRING : ask.headers['x-api-key']
    const refusal = refusedKey(key)
    if (refusal) return refusal
    if (ask.path === PING) return json({ application_id: 1 })
    const reader = take('etsy-401') ? undefined : this.access.reader(/^Bearer (.+)$/.exec(ask.headers.authorization ?? '')?.[1] ?? '')
    if (ask.path === ME) {
      if (!reader) return invalidToken()
      const user = this.world.users[reader.user]
      return reader.scopes.includes('shops_r') ? json({ user_id: user?.ownerId, shop_id: user?.shops.etsy.id }) : missingScope('shops_r')
    }
    const found = this.find(ask.path)
    const place = found && this.world.find('etsy', found.shopId)
    if (!found) return notFound('this resource')
    if (!place) return notFound(`a shop with shop_id ${found.shopId}`)
    const { scope } = found.route
    if (scope !== undefined) {
      if (!reader) return invalidToken()
      if (!reader.scopes.includes(scope) || take('etsy-403-scope')) return missingScope(scope)
      if (reader.user !== place.user.number) return json({ error: 'User does not own this shop.' }, 403)
    }
    return this.ask(found, { ...this.parts(ask), take, place })
  }

  private parts(ask: Ask) {
    return { world: this.world, ledgers: this.ledgers, query: new URLSearchParams(ask.query) }
  }

  private ask({ route, id }: Found, question: Omit<Parameters<Route['answer']>[0], 'id'>): Reply {
    try {
      return route.answer({ ...question, id })
    } catch (error) {
      if (!(error instanceof BadQuery)) throw error
      return json({ error: error.message }, 400)
    }
  }

  reset(): void {
    this.budget.reset()
  }
}

function refusedKey(key: string | undefined): Reply | undefined {
  if (key === `${KEYSTRING}:${SHARED_SECRET}`) return undefined
  if (key === KEYSTRING) return json({ error: 'Shared secret is required in x-api-key header.' }, 403)
  return json({ error: "Invalid API key: should be in the format 'keystring:shared_secret'." }, 403)
}
const invalidToken = (): Reply => json({ error: 'invalid_token', error_description: 'access token is expired or unknown' }, 401)
const missingScope = (scope: string): Reply => json({ error: 'insufficient_scope', error_description: `the token lacks ${scope}` }, 403)
