import type { Engine } from '../../backend/engine/engine'
import type { Report } from '../../backend/engine/jobs/report'
import * as jobs from '../../backend/engine/jobs/verbs'
import { commerce as platforms } from '../../backend/sandbox/commerce'
import type { User } from '../../backend/sandbox/commerce/people'
import { type OptionsFor, openSandbox, type SandboxOf } from '../../backend/sandbox/server'
import { commerce } from '../../backend/sources/commerce'
import { type Account, readAccount, saveAccount } from '../../backend/sources/commerce/store/accounts'
import { readSyncJobs, type SyncJob } from '../../backend/sources/commerce/store/sync-jobs'
import { type Sandboxed, sandboxed } from './sandboxed'
import { until } from './until'

type Platforms = { commerce: typeof platforms }

/** Etsy shops of the sandbox, and the source that reads them with a worker in this process. */
export interface EtsyWorld {
  suite: Sandboxed
  sandbox: SandboxOf<Platforms>
  users: readonly User[]
  /** Everything that was logged. */
  logged: string[]
  /** Connects the shop of a seller, whose user is called `seller-<number>`. */
  connect(number?: number, user?: string): Promise<Account>
  start(request?: object): Promise<string>
  /** How a job ended, once what follows it has ended as well. */
  ended(id: string, timeoutMs?: number): Promise<Report>
  run(request?: object, timeoutMs?: number): Promise<Report>
  /** Requests by route since this was last asked. */
  asked(): Record<string, number>
  /** Rows of a table that are not deleted, as they came, by their id. */
  held(table: 'orders' | 'listings' | 'payments', account: Account): Promise<unknown[]>
  /** How a job stands in `sync_jobs`, by entity. */
  synced(job: string): Promise<Record<string, SyncJob>>
  /** Everything as in the beginning; no account is connected. */
  fresh(): Promise<void>
  close(): Promise<void>
}

const TABLES =
  'orders line_items fulfillments refunds refund_lines listings payments customers accounts profiles sync_jobs changed_days daily_financials'

const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)

/** @param limits of the key; by default nothing waits for them */
export async function etsyWorld(options: OptionsFor<Platforms> = {}, limits: object = {}): Promise<EtsyWorld> {
  const sandbox = await openSandbox({ commerce: platforms }, { open: true, ...options })
  const logged: string[] = []
  const note = (message: string, fields?: object) => void logged.push(`${message} ${JSON.stringify(fields ?? {}, plain)}`)
  const log = { debug: note, info: note, warn: note, error: note }
  const suite = await sandboxed(commerce, sandbox, { etsy: { requests: 10_000, perMs: 1_000, perDay: 1_000_000, ...limits } }, {}, log)
  await suite.worker({ app: 'worker-etsy' })
  const { world, etsy } = sandbox.commerce
  let before: Record<string, number> = {}
  const open = () => suite.db.query(`select 1 from backhaul.jobs where status in ('queued', 'running')`)
  const idle = (timeoutMs: number) => until(async () => (await open()).length === 0, { timeoutMs, what: 'all jobs to end' })
  const it: EtsyWorld = {
    suite,
    sandbox,
    users: world.users,
    logged,
    async connect(number = 0, userId = `seller-${number}`) {
      const { id, name, currency, createdAt } = (world.users[number] as User).shops.etsy
      const { access_token: access, refresh_token: refresh } = etsy.access.grant(number)
      const credentialId = `etsy/${userId}/${id}`
      const tokens = { access, refresh, expiresAt: new Date(Date.now() + 3_600_000).toISOString() }
      const route = suite.route()
      const account = await route.act('account.connect', credentialId, {}, async (tx) => {
        await route.credentials.save(tx, { id: credentialId, kind: 'etsy', tokens })
        return await saveAccount(tx, {
          ...{ userId, platform: 'etsy', shopId: String(id), name, currency, scopes: [], credentialId },
          shopCreatedAt: new Date(createdAt * 1000),
        })
      })
      return (await readAccount(suite.db, account)) as Account
    },
    start: (request = {}) => suite.startJob(commerce, { userId: 'seller-0', ...request }),
    async ended(id, timeoutMs = 60_000) {
      await suite.ended(id, timeoutMs)
      await idle(timeoutMs)
      return await jobs.report(suite as Engine, id)
    },
    run: async (request, timeoutMs) => await it.ended(await it.start(request), timeoutMs),
    asked() {
      const now = sandbox.traffic().etsy?.byRoute ?? {}
      const added = Object.entries(now).map(([route, count]): [string, number] => [route, count - (before[route] ?? 0)])
      before = now
      return Object.fromEntries(added.filter(([, count]) => count > 0))
    },
    async held(table, { id }) {
      const rows = await suite.db.query<{ raw: unknown }>(
        `select raw from commerce.${table} where account_id = $1 and deleted_at is null order by platform_id`,
        [id],
      )
      return rows.map(({ raw }) => raw)
    },
    async synced(job) {
      const rows = (await readSyncJobs(suite.db, 'seller-0', 100)).filter(({ jobId }) => jobId === job)
      return Object.fromEntries(rows.map((row) => [row.entity, row]))
    },
    async fresh() {
      await idle(60_000)
      sandbox.reset()
      before = {}
      const tables = TABLES.split(' ').map((table) => `commerce.${table}`)
      await suite.db.tx((tx) => tx.query(`truncate ${tables.join(', ')}, backhaul.jobs, backhaul.gates, backhaul.rejects cascade`))
    },
    async close() {
      await suite.close()
      await sandbox.close()
    },
  }
  return it
}
