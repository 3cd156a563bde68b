import { get } from 'node:http'
import { readConfig } from '../../backend/config/config'
import { commerce as world } from '../../backend/sandbox/commerce'
import { KEYSTRING, SHARED_SECRET } from '../../backend/sandbox/commerce/etsy-access'
import { CLIENT_ID, CLIENT_SECRET } from '../../backend/sandbox/commerce/shopify-access'
import { openSandbox, type SandboxOf } from '../../backend/sandbox/server'
import { commerce } from '../../backend/sources/commerce'
import { type Served, serve } from './api'
import { testEnv } from './env'
import { visit } from './sandbox'

/* Accounts of the commerce platforms: the API in this process, and the platforms' sandbox. */

export interface AccountWorld {
  served: Served
  sandbox: SandboxOf<{ commerce: typeof world }>
  /** The settings, for commands. */
  env: Record<string, string>
  /** Everything that was logged. */
  logged: string[]
  /** Opens a link as the user's browser does, which comes back to the API. @returns the page, and the address of it */
  follow(url: string): Promise<{ status: number; text: string; back: string }>
  /** Opens an address at the API, as a browser does. */
  open(address: string): Promise<{ status: number; text: string }>
  /** Texts that nothing may show: tokens, codes, states and secrets. */
  secrets(): Promise<string[]>
  close(): Promise<void>
}

const ADMIN = 'the-admin-token-of-this-test'
export const bearer = { authorization: `Bearer ${ADMIN}` }

/** As a browser follows a link of another site; fetch cannot say so. */
const navigate = (url: string): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    get(url, { agent: false, headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' } }, async (answer) => {
      let text = ''
      for await (const part of answer.setEncoding('utf8')) text += part
      resolve({ status: answer.statusCode ?? 0, text })
    }).on('error', reject)
  })

const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)

export async function accountWorld(): Promise<AccountWorld> {
  const services = await testEnv()
  const sandbox = await openSandbox({ commerce: world }, { users: 2, ordersPerShop: 20, productsPerShop: 5 })
  const logged: string[] = []
  const note = (message: string, fields?: object) => void logged.push(`${message} ${JSON.stringify(fields ?? {}, plain)}`)
  const env: Record<string, string> = {
    ...sandbox.urls,
    DATABASE_URL: services.databaseUrl,
    RABBITMQ_URL: services.rabbitmqUrl,
    CONTACT: 'tests@example.org',
    ALLOW_PRIVATE_HOSTS: 'true',
    LIMITS: JSON.stringify({ etsy: { requests: 1000, perMs: 1000 } }),
    ADMIN_TOKEN: ADMIN,
    TOKEN_KEY: '11'.repeat(32),
    ETSY_API_KEY: KEYSTRING,
    ETSY_SHARED_SECRET: SHARED_SECRET,
    SHOPIFY_CLIENT_ID: CLIENT_ID,
    SHOPIFY_CLIENT_SECRET: CLIENT_SECRET,
    COMMERCE_CALLBACK_URL: 'http://localhost:3000',
  }
  const served = await serve(services, [commerce], env, { debug: note, info: note, warn: note, error: note })
  const used = new Set<string>()
  const open = async (address: string) => {
    const { pathname, search, searchParams } = new URL(address)
    for (const name of ['code', 'state']) used.add(searchParams.get(name) ?? '')
    return await navigate(`${served.url}${pathname}${search}`)
  }
  return {
    served,
    sandbox,
    env,
    logged,
    open,
    async follow(url) {
      const { status, headers, text } = await visit(url, {})
      const back = headers.get('location') ?? ''
      if (status !== 302) throw new Error(`the platform answered ${status}: ${text}`)
      return { ...(await open(back)), back }
    },
    async secrets() {
      const { sealer } = readConfig([commerce], env)
      const rows = await served.service.db.query<{ id: string; sealed: string }>('select id, sealed from backhaul.credentials')
      const tokens = rows.flatMap(({ id, sealed }) => {
        const { access, refresh = '' } = JSON.parse(sealer.open(sealed, `credential ${id}`))
        return [access, refresh]
      })
      return [...used, ...tokens, KEYSTRING, SHARED_SECRET, CLIENT_SECRET].filter((text) => text !== '')
    },
    async close() {
      await served.close()
      await sandbox.close()
      await services.close()
    },
  }
}
