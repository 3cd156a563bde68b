import { randomBytes } from 'node:crypto'
import { Refused } from '../../../base/errors'
import type { AccountAsk, AccountInfo, AccountLink, RouteContext, SettingValues } from '../../../contract'
import type { settings } from '../settings'
import { endState, type OauthState, readState, saveState, stateHash, takeState } from '../store/oauth-states'
import type { Platform } from '../store/records'
import { answered } from './answered'
import { infosOf } from './info'
import { saveShops } from './save'
import type { Begun, Callback, Way } from './way'
import { currencyIn, knownUserId, shopIdIn, wayOf, withCurrency } from './ways'

/*
 * A connection by a link: begun here, allowed by the user at the platform, and completed when the user comes back with its state.
 */

/** A link works for this long, s. */
const LINK_S = 600
/** What the browser is sent to, under COMMERCE_CALLBACK_URL. */
export const CALLBACK_PATH = '/api/commerce/callback'

/** 256 bits, in characters that need no encoding. A verifier of PKCE (RFC 7636) has the same form. */
export const randomText = (): string => randomBytes(32).toString('base64url')

const redirectUriOf = (set: SettingValues, platform: Platform): string =>
  `${(set as SettingValues<typeof settings>).COMMERCE_CALLBACK_URL}${CALLBACK_PATH}/${platform}`

const contextOf = (hash: string): string => `oauth state ${hash}`

const again = ({ name }: Way): string => `connect ${name} again from the start`

/** Begins a connection. @throws {Refused} `input` naming the field, `setup` while a setting or TOKEN_KEY is missing */
export async function begin(ask: AccountAsk, context: RouteContext): Promise<AccountLink> {
  const { platform, way } = wayOf(ask.platform)
  const userId = knownUserId(ask.userId)
  const shopId = shopIdIn(way, ask.shop)
  const currency = currencyIn(way, ask.currency)
  const begun: Begun = { redirectUri: redirectUriOf(context.settings, platform), state: randomText(), verifier: randomText(), shopId }
  const url = way.consent.url(context.settings, begun)
  const id = stateHash(begun.state)
  const verifier = context.credentials.seal(begun.verifier, contextOf(id))
  const expiresAt = await context.act('account.begin', userId, { platform, ...(shopId === null ? {} : { shop: shopId }) }, (tx) =>
    saveState(tx, begun.state, { userId, platform, shopId, currency, verifier }, LINK_S),
  )
  return { id, url, expiresAt }
}

/** The accounts that a link connected; undefined while the user has not come back. @throws {Refused} `state` when it failed */
export async function connected(id: string, context: RouteContext): Promise<AccountInfo[] | undefined> {
  const it = await readState(context.db, id)
  if (!it) throw new Refused('missing', 'There is no such connection.', 'id')
  const { way } = wayOf(it.platform)
  if (it.refused !== null) throw new Refused('state', it.refused)
  if (it.accountIds.length > 0) return await infosOf(context, { userId: it.userId }, (one) => it.accountIds.includes(one.id))
  if (it.isInterrupted) throw new Refused('state', `The connection was interrupted: ${again(way)}.`)
  if (it.isOpen && it.isExpired) throw new Refused('state', `Nobody followed the link in time: ${again(way)}.`)
  return undefined
}

/**
 * Completes a connection with what came back. A state works once: of two that come at the same time, one wins.
 * @throws {Refused} in one sentence, without anything that came with the address
 */
export async function complete(name: string, callback: Callback, context: RouteContext): Promise<AccountInfo[]> {
  const { platform, way } = wayOf(name)
  way.consent.check?.(context.settings, callback)
  const hash = stateHash(callback.state ?? '')
  const begun = await take({ platform, way, hash, shop: callback.shop }, context)
  try {
    return await exchange({ platform, way, begun, hash }, callback, context)
  } catch (error) {
    const refused = error instanceof Refused ? error.message : `An unexpected error: the log of the process that was asked has it.`
    await context.act('account.refuse', begun.userId, { platform, refused }, (tx) => endState(tx, hash, { refused }))
    throw error
  }
}

interface Given {
  platform: Platform
  way: Way
  hash: string
  /** Of Shopify: the shop that sent the user back. */
  shop: string | undefined
}

/** The state of a connection, taken. Nothing is written for one that is not known. @throws {Refused} */
async function take({ platform, way, hash, shop }: Given, context: RouteContext): Promise<OauthState> {
  const known = await readState(context.db, hash)
  if (known?.platform !== platform) {
    throw new Refused('input', `This address belongs to no connection that was begun here (its state is unknown): ${again(way)}.`, 'state')
  }
  if (known.shopId !== null && known.shopId !== shop) {
    throw new Refused('input', `The connection was begun for ${known.shopId}, and another shop answered: ${again(way)}.`, 'shop')
  }
  if (known.isOpen && known.isExpired) throw new Refused('state', `The link was followed too late: ${again(way)}.`, 'state')
  const taken = await context.act('account.callback', known.userId, { platform }, (tx) => takeState(tx, hash))
  if (taken) return taken
  throw new Refused('state', `This link was used already, and works only once: ${again(way)}.`, 'state')
}

interface Taken {
  platform: Platform
  way: Way
  begun: OauthState
  hash: string
}

async function exchange({ platform, way, begun, hash }: Taken, callback: Callback, context: RouteContext): Promise<AccountInfo[]> {
  const { userId, shopId, currency } = begun
  if (callback.error !== undefined) {
    const why = /^[\w-]{1,60}$/.test(callback.error) ? ` (${callback.error})` : ''
    throw new Refused('state', `${way.name} was not connected, because the access was not allowed${why}: ${again(way)}.`)
  }
  const { code } = callback
  if (!code) throw new Refused('input', `${way.name} sent no code, as where the access is not allowed: ${again(way)}.`, 'code')
  const verifier = context.credentials.open(begun.verifier ?? '', contextOf(hash))
  if (verifier === undefined) throw new Refused('state', `TOKEN_KEY was changed since the link was made: ${again(way)}.`)
  const redirectUri = redirectUriOf(context.settings, platform)
  const label = `${platform}/${userId}`
  const tokens = await answered(way.name, () => way.consent.exchange(context, code, { redirectUri, verifier, shopId, label }))
  const shops = withCurrency(await answered(way.name, () => way.shopsOf(context, { tokens, label }, shopId)), currency)
  return await saveShops(context, { userId, platform, way, shops, tokens }, (tx, accountIds) => endState(tx, hash, { accountIds }))
}
