import type { SettingValues } from '../../../contract'
import type { Way } from '../accounts/way'
import type { printifySettings } from './api'
import { shopsOf } from './client'

/** How Printify shops are connected: the token of an account gives access to all of them. */
export const printifyWay: Way = {
  name: 'Printify',
  hasLink: false,
  token: 'personal access token',
  kind: 'printify',
  hasNoCurrency: true,
  tokensOf: (text) => ({ access: text }),
  async shopsOf({ http, settings: set }, speaker) {
    const shops = await shopsOf({ http, settings: set as SettingValues<typeof printifySettings> }, speaker)
    return shops.map(({ shopId, name }) => ({ shopId, name, currency: null, createdAt: null, scopes: [] }))
  },
  // Printify's answers do not tell what a token allows.
  missing: () => [],
}
