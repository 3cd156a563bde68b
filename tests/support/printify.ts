import { randomUUID } from 'node:crypto'
import type { Io, Page, Stream } from '../../backend/contract'
import { commerce as sandboxCommerce } from '../../backend/sandbox/commerce'
import { CHANNELS, type Channel, type User } from '../../backend/sandbox/commerce/people'
import { type OptionsFor, openSandbox } from '../../backend/sandbox/server'
import { commerce } from '../../backend/sources/commerce'
import { type Account, accountOf, saveAccount } from '../../backend/sources/commerce/store/accounts'
import type { PageBatch } from '../../backend/sources/commerce/streams/page'
import { sandboxed } from './sandboxed'
import { quiet } from './suite'

const OPEN = { requests: 1_000_000, perMs: 1_000 }

/** The source at a sandbox, with its streams to be read page by page. */
export async function printifyWorld(options: OptionsFor<{ commerce: typeof sandboxCommerce }> = {}, limits: object = { printify: OPEN }) {
  const sandbox = await openSandbox({ commerce: sandboxCommerce }, { open: true, ...options })
  const it = await sandboxed(commerce, sandbox, limits)
  const { db } = it

  /** Connects the Printify shop for a channel, as a person would. */
  async function connect(
    channel: Channel,
    { user = 0, currency = 'USD' }: { user?: number; currency?: string | null } = {},
  ): Promise<Account> {
    const seller = sandbox.commerce.world.users[user] as User
    const credentialId = `printify/${seller.id}/${seller.printify.shops.etsy}`
    const tokens = { access: sandbox.commerce.printify.tokens.of(seller) }
    const route = it.route()
    await route.act('account.connect', credentialId, {}, (tx) => route.credentials.save(tx, { id: credentialId, kind: 'printify', tokens }))
    const account = {
      ...{ userId: seller.id, platform: 'printify' as const, shopId: String(seller.printify.shops[channel]), name: null },
      ...{ currency, scopes: [], shopCreatedAt: null, credentialId },
    }
    return await accountOf(db, await db.tx((tx) => saveAccount(tx, account)))
  }

  const io: Io = {
    http: it.http('backfill'),
    held: db,
    settings: it.route().settings,
    more: () => true,
    known: async () => new Set(),
    inFlight: async () => new Map(),
    ended: () => Promise.reject(new Error('no job')),
    log: quiet,
    signal: new AbortController().signal,
  }

  return {
    ...it,
    sandbox,
    world: sandbox.commerce.world,
    printify: sandbox.commerce.printify,
    io,
    connect,
    connectAll: (user = 0) => Promise.all(CHANNELS.map((channel) => connect(channel, { user }))),
    /** Requests of Printify's API since the last reset, by path without its version. */
    asked: () => sandbox.requests('printify').map(({ path, status }) => `${status} ${path.replace(/^.*\/v1/, '')}`),

    /**
     * Reads a task as the engine does, page by page, each in a transaction.
     * @param between called before each page
     */
    async read<C>(stream: Stream<C, PageBatch, never>, first: C, between?: (cursor: C, page: number) => unknown) {
      const pages: Page<C, PageBatch>[] = []
      const sums = { new: 0, updated: 0, unchanged: 0, deleted: 0, rejected: 0, found: 0 }
      const job = randomUUID()
      for (let cursor = first; ; ) {
        await between?.(cursor, pages.length)
        const step = { key: 'key', cursor, params: {} as never, source: 'commerce', job, attempts: 0 }
        const page = await stream.read(step, io)
        const written = await db.tx((tx) => stream.write(tx, page.batch))
        for (const name of ['new', 'updated', 'unchanged', 'deleted'] as const) sums[name] += written[name] ?? 0
        sums.rejected += page.rejected?.length ?? 0
        sums.found += page.batch.found
        pages.push(page)
        if (page.next === null) return { ...sums, pages, last: page }
        cursor = stream.cursor.parse(JSON.parse(JSON.stringify(page.next))) as C
      }
    },
    async close() {
      await it.close()
      await sandbox.close()
    },
  }
}
export type PrintifyWorld = Awaited<ReturnType<typeof printifyWorld>>
