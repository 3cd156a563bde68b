import type { SettingValues } from '../../../contract'
import type { Way } from '../accounts/way'
import type { printifySettings } from './api'
import { shopsOf } from './client'
import { authorizeUrl, exchangeCode } from './oauth'

/** How Printify shops are connected: through an app that a merchant allows, or with a token; either gives access to all of an account. */
export const printifyWay: Way = {
  name: 'Printify',
  token: 'personal access token',
  kind: 'printify',
  hasNoCurrency: true,
  consent: {
    url: authorizeUrl,
    exchange: (asker, code, { label }) => exchangeCode(asker, code, label),
  },
  tokensOf: (text) => ({ access: text }),
  async shopsOf({ http, settings: set }, speaker) {
    const shops = await shopsOf({ http, settings: set as SettingValues<typeof printifySettings> }, speaker)
    return shops.map(({ shopId, name }) => ({ shopId, name, currency: null, createdAt: null, scopes: [] }))
  },
  // Printify's answers do not tell what a token allows.
  missing: () => [],
}
