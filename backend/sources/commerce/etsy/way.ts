import type { Way } from '../accounts/way'
import { type EtsyKey, missingKey } from './key'
import { authorizeUrl, ETSY_SCOPES, exchangeCode, shopOf } from './oauth'

/** How Etsy shops are connected. */
export const etsyWay: Way = {
  name: 'Etsy',
  kind: 'etsy',
  unset: (settings) => missingKey(settings as EtsyKey),
  consent: {
    url: (settings, { redirectUri, state, verifier }) => authorizeUrl(settings, { redirectUri, state, verifier }),
    exchange: (asker, code, { redirectUri, verifier }) => exchangeCode(asker, { code, redirectUri, verifier }),
  },
  shopsOf: async (asker, speaker) => [await shopOf(asker, speaker)],
  missing: (scopes) =>
    ETSY_SCOPES.filter((scope) => !scopes.includes(scope)).map((scope) => `The scope ${scope} was not allowed: connect it again.`),
}
