import { createSealer } from '../../backend/base/seal'
import type { Tokens } from '../../backend/contract'
import type { Db } from '../../backend/database/db'
import { saveRow } from '../../backend/engine/credentials/rows'
import { sealTokens } from '../../backend/engine/credentials/tokens'
import type { Channel, User } from '../../backend/sandbox/commerce/people'
import type { Sandbox } from '../../backend/sandbox/server'
import { saveAccount } from '../../backend/sources/commerce/store/accounts'
import type { Platform } from '../../backend/sources/commerce/store/records'

/** TOKEN_KEY of tests that connect accounts; that of `sandboxed`. */
export const TOKEN_KEY = '17'.repeat(32)
const sealer = createSealer([Buffer.from(TOKEN_KEY, 'hex')])

/** Ids of a seller's accounts. */
export interface Connected {
  etsy: string
  shopify: string
  printify: Record<Channel, string>
}

const iso = (seconds: number) => new Date(seconds * 1000)
const expiresIn = (seconds: number | undefined) =>
  seconds === undefined ? {} : { expiresAt: new Date(Date.now() + seconds * 1000).toISOString() }

/** Connects a seller of the sandbox on some platforms, as if they had consented. */
export async function connectSeller(
  db: Db,
  sandbox: Pick<Sandbox, 'commerce'>,
  user: User,
  { userId = user.id, platforms = ['etsy', 'shopify', 'printify'] }: { userId?: string; platforms?: readonly Platform[] } = {},
): Promise<Connected> {
  const { etsy, shopify, printify } = sandbox.commerce
  const { access_token: access, refresh_token: refresh, expires_in: seconds } = etsy.access.grant(user.number)
  const given = shopify.access.grant(user)
  const domain = `${user.shops.shopify.name}.myshopify.com`
  const tokens: Record<Platform, Tokens> = {
    etsy: { access, refresh, ...expiresIn(seconds) },
    shopify: {
      access: given.access_token,
      refresh: given.refresh_token,
      ...expiresIn(given.expires_in),
      host: user.shops.shopify.name,
      extra: { scopes: given.scope },
    },
    printify: { access: printify.tokens.of(user) },
  }
  return await db.tx(async (tx) => {
    const account = async (platform: Platform, shopId: string, channel: Channel, scopes: string[] = []) => {
      if (!platforms.includes(platform)) return ''
      const { name, currency, createdAt } = user.shops[channel]
      const credentialId = `${platform}/${userId}`
      await saveRow(tx, { id: credentialId, source: 'commerce', kind: platform, ...sealTokens(sealer, credentialId, tokens[platform]) })
      const shop = platform === 'printify' ? { currency: 'USD', shopCreatedAt: null } : { currency, shopCreatedAt: iso(createdAt) }
      return await saveAccount(tx, { userId, platform, shopId, name, scopes, credentialId, ...shop })
    }
    return {
      etsy: await account('etsy', String(user.shops.etsy.id), 'etsy', ['transactions_r', 'listings_r', 'shops_r']),
      shopify: await account('shopify', domain, 'shopify', given.scope.split(',')),
      printify: {
        etsy: await account('printify', String(user.printify.shops.etsy), 'etsy'),
        shopify: await account('printify', String(user.printify.shops.shopify), 'shopify'),
      },
    }
  })
}
