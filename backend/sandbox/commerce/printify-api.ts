import { type Ask, json, type Reply } from '../base/exchange'
import type { SandboxApi, SandboxSettings } from '../base/source'
import type { Take } from './faults'
import { CHANNELS, type Channel, type User } from './people'
import { blueprintOf, orderOf, productDocument, providerOf } from './printify-documents'
import { changedEntries } from './printify-faults'
import type { PrintifyLimits } from './printify-limits'
import type { PrintifyOrders } from './printify-orders'
import { APP_ID, type PrintifyTokens, tokensFor } from './printify-tokens'
import { PRINT_PROVIDERS } from './products'
import type { World } from './world'

const ORDERS_PER_PAGE = 10
const PRODUCTS_PER_PAGE = 50
const SHOP = /^\/v1\/shops\/(\d+)\/(orders|products)(?:\/([^/]+))?\.json$/
const BLUEPRINT = /^\/v1\/catalog\/blueprints\/(\d+)(\/print_providers)?\.json$/
const TOKENS = /^\/v1\/app\/oauth\/tokens(?:\/(refresh))?$/
const PROVIDER = /^\/v1\/catalog\/print_providers\/(\d+)\.json$/
const ROUTES: Record<string, string> = {
  '/v1/shops.json': 'shops',
  '/v1/catalog/print_providers.json': 'providers',
  '/v1/catalog/blueprints.json': 'blueprints',
}

/** What a query asks of a list. */
interface Wanted {
  page: number
  perPage: number
}

/** api.printify.com. */
export class PrintifyApi implements SandboxApi {
  readonly name = 'printify'
  readonly prefix = '/printify'
  readonly env = 'PRINTIFY_URL'
  readonly credentials = { PRINTIFY_APP_ID: APP_ID }
  readonly limits

  constructor(
    private readonly settings: SandboxSettings,
    private readonly world: World,
    private readonly orders: PrintifyOrders,
    private readonly tokens: PrintifyTokens,
    private readonly budget: PrintifyLimits,
  ) {
    this.limits = budget.forProduct()
  }

  route({ path }: Ask): string {
    const [, , list, id] = SHOP.exec(path) ?? []
    if (list !== undefined) return id === undefined ? list : list.slice(0, -1)
    if (PROVIDER.test(path)) return 'provider'
    if (TOKENS.test(path)) return 'tokens'
    const [, blueprint, providers] = BLUEPRINT.exec(path) ?? []
    return ROUTES[path] ?? (blueprint === undefined ? 'unknown' : providers === undefined ? 'blueprint' : 'blueprint-providers')
  }

  subject(ask: Ask): string {
    return ask.query === undefined ? ask.path : `${ask.path}?${ask.query}`
  }

  private reader(ask: Ask): User | undefined {
    return this.tokens.reader(/^Bearer (.+)$/.exec(ask.headers.authorization ?? '')?.[1] ?? '')
  }
  private accountName(ask: Ask): string {
    const user = this.reader(ask)
    return user ? `user ${user.number}` : 'nobody'
  }

  police(ask: Ask): Reply | undefined {
    return this.budget.refuse(ask, this.accountName(ask), ask.path.startsWith('/v1/catalog/'))
  }

  answer(ask: Ask): Reply {
    const take: Take = (name) => this.settings.context.faults.take(name, this.name, ask)
    const account = this.accountName(ask)
    const answer = this.budget.faulted(ask, account, take) ?? this.respond(ask, take)
    return this.budget.answered(account, answer)
  }

  private respond(ask: Ask, take: Take): Reply {
    if ((ask.headers['user-agent'] ?? '') === '') return json({ message: 'User-Agent header is required.' }, 400)
    if (TOKENS.test(ask.path)) return this.token(ask, take)
    const user = take('printify-401') ? undefined : this.reader(ask)
    if (!user) return json({ message: 'Unauthenticated.' }, 401)
    if (take('printify-500')) return json({ status: 'error', code: 500, message: 'Internal server error' }, 500)
    if (ROUTES[ask.path] === 'shops') return json(CHANNELS.map((channel) => shopOf(user, channel)))
    const [, shop, list, id] = SHOP.exec(ask.path) ?? []
    if (list === undefined) return catalog(ask.path)
    const channel = CHANNELS.find((one) => user.printify.shops[one] === Number(shop))
    if (channel === undefined) return json({ error: 'Access denied.' }, 403)
    const query = new URLSearchParams(ask.query)
    return list === 'orders' ? this.order(user, channel, id, query, take) : this.product(user, channel, id, query, take)
  }

  private token(ask: Ask, take: Take): Reply {
    if (ask.method !== 'POST') return json({ message: 'Method Not Allowed' }, 405)
    if (take('printify-token-500')) return json({ message: 'Server Error' }, 500)
    const found = tokensFor(this.tokens, TOKENS.exec(ask.path)?.[1] ?? '', new URLSearchParams(ask.body))
    if (typeof found === 'string') return json({ error: 'invalid_request', error_description: found }, 400)
    return json(found)
  }

  private order(user: User, channel: Channel, id: string | undefined, query: URLSearchParams, take: Take): Reply {
    const all = this.orders.list(user, channel)
    const [status, sku] = [query.get('status'), query.get('sku')]
    if (id !== undefined) {
      const found = all.find((made) => made.id === id)
      return found ? json(orderOf(this.world, user, channel, found)) : notFound()
    }
    const skuOf = (product: number, variant: number) => this.world.products(user)[product]?.variants[variant]?.sku
    const found = all.filter(
      (made) =>
        (status === null || made.status === status) &&
        (sku === null || made.lines.some(({ product, variant }) => skuOf(product, variant) === sku)),
    )
    const most = take('printify-fifty') ? 50 : ORDERS_PER_PAGE
    return listed(take, wantedOf(query, most), found, (made) => orderOf(this.world, user, channel, made))
  }

  private product(user: User, channel: Channel, id: string | undefined, query: URLSearchParams, take: Take): Reply {
    const all = this.world.products(user).filter(({ isPrinted }) => isPrinted)
    const documentOf = (product: (typeof all)[number]) => productDocument(this.world, user, channel, product)
    if (id === undefined) return listed(take, wantedOf(query, PRODUCTS_PER_PAGE), all.reverse(), documentOf)
    const found = all.map(documentOf).find((product) => product.id === id)
    return found ? json(found) : notFound()
  }

  reset(): void {
    this.budget.reset()
    this.orders.reset()
    this.tokens.reset()
  }
}

const shopOf = (user: User, channel: Channel) => ({
  id: user.printify.shops[channel],
  title: user.shops[channel].name,
  sales_channel: channel,
})
const notFound = (): Reply => json({ error: 'Not found' }, 404)

/** A page from 1 on; more than the list allows is quietly cut. */
function wantedOf(query: URLSearchParams, most: number): Wanted {
  const whole = (name: string, fallback: number) => {
    const value = Number(query.get(name) ?? fallback)
    return Number.isInteger(value) && value > 0 ? value : fallback
  }
  return { page: whole('page', 1), perPage: Math.min(most, whole('limit', most)) }
}

/** A page in its envelope; addresses lack the path of the list. */
function listed<T>(take: Take, { page, perPage }: Wanted, all: readonly T[], document: (one: T) => object): Reply {
  const from = (page - 1) * perPage
  const shown = all.slice(from, from + perPage)
  const last = Math.max(1, Math.ceil(all.length / perPage))
  const data = changedEntries(
    take,
    shown.map((one) => document(one) as Record<string, unknown>),
  )
  if (take('printify-bare-list')) return json({ current_page: page, data })
  const address = (number: number) => (number < 1 || number > last ? null : `/?page=${number}`)
  return json({
    current_page: page,
    data,
    first_page_url: address(1),
    from: shown.length === 0 ? null : from + 1,
    last_page: last,
    last_page_url: address(last),
    next_page_url: address(page + 1),
    path: '/',
    per_page: perPage,
    prev_page_url: address(page - 1),
    to: shown.length === 0 ? null : from + shown.length,
    total: all.length,
  })
}

function catalog(path: string): Reply {
  const providers = Object.keys(PRINT_PROVIDERS).map((id) => providerOf(Number(id)))
  if (ROUTES[path] === 'providers') return json(providers)
  const blueprints = Array.from({ length: 8 }, (_, n) => blueprintOf(60 + n))
  if (ROUTES[path] === 'blueprints') return json(blueprints)
  const provider = providers.find(({ id }) => id === Number(PROVIDER.exec(path)?.[1]))
  if (provider) return json({ ...provider, blueprints })
  const [, number, isProviders] = BLUEPRINT.exec(path) ?? []
  const blueprint = blueprints.find(({ id }) => id === Number(number))
  if (!blueprint) return notFound()
  return json(isProviders === undefined ? blueprint : providers)
}
