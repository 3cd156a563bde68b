import { readConfig, settingsReader } from '../../backend/config/config'
import type { HttpUse, Source, Tokens } from '../../backend/contract'
import type { Db } from '../../backend/database/db'
import { createCredentials } from '../../backend/engine/credentials'
import { saveRow } from '../../backend/engine/credentials/rows'
import { sealTokens } from '../../backend/engine/credentials/tokens'
import { createGate } from '../../backend/gate/gate'
import { effectiveLimits } from '../../backend/gate/limits'
import { createHttpFactory } from '../../backend/http'
import { shopify, shopifyFiles } from '../../backend/sources/commerce/shopify/apis'
import type { Shop, ShopifyIo } from '../../backend/sources/commerce/shopify/client'
import { settings } from '../../backend/sources/commerce/shopify/settings'
import { shopifyTokens } from '../../backend/sources/commerce/shopify/tokens'
import type { stillShopify } from './shopify-sandbox'
import { quiet } from './suite'

type Sandbox = Awaited<ReturnType<typeof stillShopify>>

/** As much of a source as a client needs. */
const source = {
  name: 'commerce',
  settings,
  apis: { shopify, shopify_files: shopifyFiles },
  credentials: { shopify: shopifyTokens },
} as unknown as Source

/** The client of a sandbox's first shop in this process, with its real gate, HTTP and stored tokens. */
export async function shopifyClient(it: Sandbox, db: Db, url: string, { limits = {}, env = {} }: { limits?: object; env?: object } = {}) {
  const config = readConfig([source], {
    ...it.sandbox.urls,
    CONTACT: 'tests@example.org',
    TOKEN_KEY: '11'.repeat(32),
    DATABASE_URL: url,
    ALLOW_PRIVATE_HOSTS: 'true',
    LIMITS: JSON.stringify(limits),
    ...env,
  })
  const effective = effectiveLimits([source], config.limits)
  const gate = createGate(db, effective)
  const http = createHttpFactory({
    gate,
    limits: effective,
    config,
    credentials: createCredentials({ db, sealer: config.sealer, settings: settingsReader(config) }),
  })
  const use: HttpUse = { class: 'backfill', signal: new AbortController().signal, nextAt: {}, traffic: {}, log: quiet }
  const shop: Shop = { credential: 'shopify/user/shop', name: it.user.shops.shopify.name }
  const io: ShopifyIo = { http: http(source, use), settings: settingsReader(config)(source) }
  return {
    io,
    shop,
    gate,
    /** Stores tokens as connecting the shop does. */
    connect: (tokens: Omit<Tokens, 'host'>) =>
      db.tx((tx) =>
        saveRow(tx, {
          id: shop.credential,
          source: source.name,
          kind: 'shopify',
          ...sealTokens(config.sealer, shop.credential, { ...tokens, host: shop.name }),
        }),
      ),
    state: async () =>
      (
        await db.query<{ state: string; reason: string | null }>('select state, reason from backhaul.credentials where id = $1', [
          shop.credential,
        ])
      )[0],
  }
}
