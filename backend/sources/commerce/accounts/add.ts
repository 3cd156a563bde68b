import { Refused } from '../../../base/errors'
import type { AccountAsk, AccountInfo, RouteContext, Tokens } from '../../../contract'
import { answered } from './answered'
import { saveShops } from './save'
import type { Way } from './way'
import { currencyIn, knownUserId, shopIdIn, wayOf, withCurrency } from './ways'

/** Longer texts are no token. */
const MAX_TOKEN = 8_000

/**
 * Connects the shops that a token gives access to.
 * @throws {Refused} `input` naming the field, `setup` or `state` with what the platform says; the token is in no sentence
 */
export async function add({ token, ...ask }: AccountAsk & { token: string | null }, context: RouteContext): Promise<AccountInfo[]> {
  const { platform, way } = wayOf(ask.platform)
  const userId = knownUserId(ask.userId)
  const shopId = way.tokensOf ? shopIdIn(way, ask.shop) : null
  const currency = currencyIn(way, ask.currency)
  // Before anything is asked: without TOKEN_KEY nothing could be stored.
  const entered = token === null ? undefined : enteredTokens(way, token, shopId, `${platform} ${userId}`)
  context.credentials.seal('', 'a check of TOKEN_KEY')
  const tokens = entered ?? (await answered(way.name, () => ownTokens(way, shopId, context)))
  const shops = await answered(way.name, () => way.shopsOf(context, { tokens, label: `${platform}/${userId}` }, shopId))
  return await saveShops(context, { userId, platform, way, shops: withCurrency(shops, currency), tokens })
}

function enteredTokens(way: Way, token: string, shopId: string | null, whose: string): Tokens {
  if (!way.tokensOf) throw new Refused('input', `${way.name} has no tokens to enter: run yarn accounts connect ${whose}.`, 'platform')
  const text = token.trim()
  if (text === '') throw new Refused('input', `No token was entered: paste the ${way.token} of ${way.name}.`, 'token')
  // What a header cannot carry, and what was pasted with more than the token.
  if (text.length > MAX_TOKEN || !/^[\x21-\x7e]+$/.test(text)) {
    throw new Refused('input', `This is no ${way.token} of ${way.name}: paste one line without spaces.`, 'token')
  }
  return way.tokensOf(text, shopId)
}

async function ownTokens(way: Way, shopId: string | null, context: RouteContext): Promise<Tokens> {
  if (way.ownTokens) return await way.ownTokens(context, shopId)
  throw new Refused('input', `${way.name} has no apps of a shop's own.`, 'ownApp')
}
