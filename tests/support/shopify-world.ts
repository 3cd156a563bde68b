import { randomUUID } from 'node:crypto'
import { RetryLater, Throttled } from '../../backend/base/errors'
import type { Io, NewTask, Page, Stream } from '../../backend/contract'
import type { Db } from '../../backend/database/db'
import type { User } from '../../backend/sandbox/commerce/people'
import type { CommerceParams } from '../../backend/sources/commerce/params'
import type { Ask } from '../../backend/sources/commerce/platform'
import { shopify } from '../../backend/sources/commerce/shopify'
import { type Account, accountOf, saveAccount } from '../../backend/sources/commerce/store/accounts'
import type { Entity } from '../../backend/sources/commerce/store/sync-jobs'
import type { PageBatch } from '../../backend/sources/commerce/streams/page'
import { shopifyClient } from './shopify-client'
import { stillShopify } from './shopify-sandbox'
import { quiet } from './suite'

type AnyStream = Stream<unknown, PageBatch, never>

/** How a task ended. */
export interface Ended {
  stream: string
  key: string
  pages: number
  last: Page<unknown, PageBatch>
}

/** A Shopify shop at a sandbox whose time is moved, and the source's streams, run task by task without the engine. */
export async function shopifyWorld(db: Db, url: string, options: Parameters<typeof stillShopify>[0] = {}) {
  // By the clock of the database, and ahead of it by what was waited for.
  let ahead = 0
  const pass = (ms: number) => {
    ahead += ms
  }
  const it = { ...(await stillShopify({ open: true, clock: () => Date.now() + ahead, ...options })), pass }
  const open = { requests: 1_000_000_000, perMs: 1000 }
  const client = await shopifyClient(it, db, url, { limits: { 'shopify.graphql': open, 'shopify.rest': open } })
  const { shopify: shop } = it.user.shops
  const account: Account = await accountOf(
    db,
    await db.tx((tx) =>
      saveAccount(tx, {
        ...{ userId: 'user', platform: 'shopify' as const, shopId: `${shop.name}.myshopify.com`, name: shop.name },
        ...{ currency: shop.currency, scopes: [], shopCreatedAt: null, credentialId: client.shop.credential },
      }),
    ),
  )
  const io: Io = {
    ...client.io,
    held: db,
    more: () => true,
    known: async () => new Set(),
    inFlight: async () => new Map(),
    ended: () => Promise.reject(new Error('no job')),
    log: quiet,
    signal: new AbortController().signal,
  }
  const connect = (grant: { scopes?: string[] } = {}, user: User = it.user) =>
    client.connect({ access: it.shopify.access.grant(user, { ...grant, expires: false }).access_token })

  /** Runs a task to its end, and then the tasks that it found. @param between called before each page */
  async function run(
    task: Omit<NewTask, 'lane' | 'stage'>,
    job: string,
    between: (task: NewTask, cursor: never) => unknown,
  ): Promise<Ended[]> {
    const stream = shopify.streams[task.stream] as AnyStream
    const found: NewTask[] = []
    const keys = new Set<string>()
    for (let cursor = task.cursor as unknown, pages = 0; ; ) {
      await between(task, cursor as never)
      const step = {
        key: task.key,
        cursor: stream.cursor.parse(JSON.parse(JSON.stringify(cursor))),
        params: {} as never,
        source: 'commerce',
        job,
        attempts: 0,
      }
      const page = await reading(() => stream.read(step, io))
      const written = await db.tx((tx) => stream.write(tx, page.batch))
      sums.new += written.new
      sums.updated += written.updated
      sums.unchanged += written.unchanged
      sums.deleted += written.deleted ?? 0
      sums.rejects.push(...(page.rejected ?? []).map(({ reason }) => reason))
      sums.notes.push(...(page.notes ?? []))
      sums.tasks.push(...(page.tasks ?? []).map(({ stream: name }) => name))
      pages++
      for (const one of page.tasks ?? []) {
        if (!keys.has(`${one.stream} ${one.key}`)) found.push(one)
        keys.add(`${one.stream} ${one.key}`)
      }
      if (page.notBefore) it.pass(60_000)
      if (page.next === null) {
        const ended: Ended[] = [{ stream: task.stream, key: task.key, pages, last: page }]
        for (const one of found) ended.push(...(await run(one, job, between)))
        return ended
      }
      cursor = page.next
    }
  }

  /** Reads again after an error, as the engine does; a page that waits reads on once time has passed. */
  async function reading<T>(read: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await read()
      } catch (error) {
        if (!(error instanceof RetryLater || error instanceof Throttled) || tries === 5) throw error
        sums.errors.push(error instanceof RetryLater ? error.kind : 'throttled')
        await db.query('truncate backhaul.gates, backhaul.gate_windows cascade')
        it.pass(60_000)
      }
    }
  }

  const sums = {
    new: 0,
    updated: 0,
    unchanged: 0,
    deleted: 0,
    rejects: [] as string[],
    notes: [] as string[],
    tasks: [] as string[],
    errors: [] as string[],
  }

  /** Reads a list of the shop as a job does. */
  async function read(
    entity: Entity,
    {
      from = null,
      kind = 'backfill',
      between = () => undefined,
      ...params
    }: Partial<CommerceParams> & { from?: string | null; between?: (task: NewTask, cursor: never) => unknown } = {},
  ) {
    Object.assign(sums, { new: 0, updated: 0, unchanged: 0, deleted: 0, rejects: [], notes: [], tasks: [], errors: [] })
    const ask: Ask = {
      account,
      entity,
      kind: kind === 'incremental' ? 'incremental' : 'backfill',
      from,
      to: new Date(it.world.now() * 1000).toISOString(),
      params: { userId: 'user', newestFirst: false, kind, ...params },
    }
    const ended: Ended[] = []
    const job = randomUUID()
    for (const task of shopify.firstTasks(ask)) ended.push(...(await run(task, job, between)))
    const failed = ended.filter(({ last }) => last.failed)
    return { ...sums, ended, failed: failed.map(({ last }) => last.failed), unverified: ended.flatMap(({ last }) => last.unverified ?? []) }
  }

  await connect()
  return {
    ...it,
    client,
    account,
    io,
    connect,
    read,
    async close() {
      await client.gate.close()
      await it.sandbox.close()
    },
  }
}
export type ShopifyWorld = Awaited<ReturnType<typeof shopifyWorld>>
