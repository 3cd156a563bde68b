import { readConfig } from '../../backend/config/config'
import type { User } from '../../backend/sandbox/commerce/people'
import { createService } from '../../backend/service/base/context'
import { timesLeft } from '../../backend/service/jobs/left'
import { sources } from '../../backend/sources'
import { commerce } from '../../backend/sources/commerce'
import { PLATFORM_PARTS } from '../../backend/sources/commerce/platforms'
import { median } from '../base/figures'
import type { Bench, Ground } from '../base/harness'
import { startJobs } from '../base/jobs'
import { openUpstream } from '../base/upstream'
import { rest, until } from '../base/wait'
import { connectSeller, TOKEN_KEY } from './sellers'

/** The day of the key, ms. */
const DAY_MS = 60_000
/** Requests of the key in a second: the budget of backfills lasts for half a day. */
const PER_SECOND = 25
/** Turns are as long as those of a real day of many turns, s. */
const TURN_SECONDS = '1'
/** A user of the plan `pro` has four times the share of one of the plan `free`. */
const PRO = 4
/** How often each of the others' users is synced, ms. */
const SYNC_MS = 6_000
const SYNCED = 4
const LONGEST_MS = 15 * DAY_MS

interface Ended {
  id: string
  user: string
  kind: string
  /** From its creation to its end, ms; null while it runs. */
  ms: number | null
  startedMs: number
}

const readJobs = (ground: Ground): Promise<Ended[]> =>
  ground.db.query<Ended>(
    `select id, params ->> 'userId' as user, params ->> 'kind' as kind,
            (extract(epoch from completed_at - created_at) * 1000)::float8 as ms, (extract(epoch from created_at) * 1000)::float8 as "startedMs"
       from backhaul.jobs where source = 'commerce'`,
  )

/** Requests of backfills by users. */
const readUse = (ground: Ground) =>
  ground.db.query<{ user: string; requests: number }>(
    `select j.params ->> 'userId' as user, coalesce(sum((t.traffic -> 'etsy' ->> 'requests')::float8), 0) as requests
       from backhaul.jobs j join backhaul.tasks t on t.job_id = j.id where j.source = 'commerce' and j.params ->> 'kind' = 'backfill' group by 1`,
  )

/** As if a backfill had been completed before: a sync reads what has changed since then. */
async function pretendRead(ground: Ground, user: User, account: string, at: string): Promise<void> {
  for (const entity of ['orders', 'listings', 'payments'])
    await ground.db.query(
      `insert into commerce.sync_jobs (user_id, account_id, platform, entity, job_type, status, priority, cursor, job_id)
       values ($1, $2, 'etsy', $3, 'backfill', 'completed', 1, $4, gen_random_uuid())`,
      [user.id, account, entity, at],
    )
}

/** The most requests of backfills in any rolling day. @param ends when the backfill of each shop ended: later requests are of its syncs */
function mostInADay(arrivals: readonly { at: number; path: string }[], ends: ReadonlyMap<string, number>): number {
  const moments = arrivals.flatMap(({ path, at }) => (at <= (ends.get(/\/shops\/(\d+)/.exec(path)?.[1] ?? '') ?? 0) ? [at] : []))
  moments.sort((a, b) => a - b)
  let most = 0
  let first = 0
  for (const [last, at] of moments.entries()) {
    while ((moments[first] as number) <= at - DAY_MS) first++
    most = Math.max(most, last - first + 1)
  }
  return most
}

/** Many sellers on one key of Etsy, whose day is a minute long. */
export const commerceBudget: Bench = {
  about: 'backfills of many users on one Etsy key, whose day is a minute long, beside syncs of others: limits, shares by plan, estimates',
  sizes: {
    users: { full: 40, small: 8, about: 'users whose history is read; every second one has the plan pro' },
    orders: { full: 100, small: 100, about: 'orders of each' },
    day: { full: 1_400, small: 280, about: 'requests that the key has in a day' },
  },
  async run(ground, { users = 0, orders = 0, day = 0 }) {
    const { sandbox, env } = await openUpstream(ground, {
      ...{ users: users + SYNCED, ordersPerShop: orders, productsPerShop: 20, oddities: false, scale: 1, repos: 1, pdses: 1 },
      ...{ etsyPerSecond: PER_SECOND, etsyPerDay: day, etsyDay: DAY_MS / 1000 },
    })
    const settings = { ...env, TOKEN_KEY, COMMERCE_PLANS: JSON.stringify({ free: 1, pro: PRO }), TURN_SECONDS }
    const all = sandbox.commerce.world.users
    const [readers, synced] = [all.slice(0, users), all.slice(users)]
    for (const [n, user] of readers.entries()) {
      await connectSeller(ground.db, sandbox, user, { platforms: ['etsy'] })
      if (n % 2 === 0) await ground.db.query(`insert into commerce.profiles (user_id, plan) values ($1, 'pro')`, [user.id])
    }
    const lately = new Date(Date.now() - PLATFORM_PARTS.etsy.overlapMs('orders')).toISOString()
    for (const user of synced) {
      const { etsy } = await connectSeller(ground.db, sandbox, user, { platforms: ['etsy'] })
      await pretendRead(ground, user, etsy, lately)
    }
    await ground.start('backend/bin/scheduler.js', [], settings)
    for (let n = 0; n < 2; n++) await ground.start('backend/bin/worker.js', ['worker-etsy'], settings)
    const started = await startJobs(
      ground,
      commerce,
      readers.map(({ id }) => ({ userId: id })),
    )
    const backfills = new Set(started.map(({ id }) => id))
    const service = createService({ ...ground, sources }, readConfig(sources, { ...ground.env, ...settings }))
    const began = Date.now()
    let isOver = false
    const syncing = (async () => {
      for (; !isOver; await rest(SYNC_MS))
        await startJobs(
          ground,
          commerce,
          synced.map(({ id }) => ({ userId: id, kind: 'incremental' })),
        )
    })()
    const isEach = async (test: (jobs: Ended[]) => boolean) => test((await readJobs(ground)).filter(({ id }) => backfills.has(id)))
    // By then backfills have used what they may of it.
    await until(() => Date.now() - began > DAY_MS * 0.75, LONGEST_MS, 'three quarters of the first day')
    const [estimates, at] = [await timesLeft(service), Date.now()]
    const used = await readUse(ground)
    await until(() => isEach((jobs) => jobs.length === users && jobs.every(({ ms }) => ms !== null)), LONGEST_MS, 'every backfill to end')
    isOver = true
    await syncing
    await until(async () => (await readJobs(ground)).every(({ ms }) => ms !== null), LONGEST_MS, 'every job to end')
    const jobs = await readJobs(ground)
    const errors = jobs.flatMap(({ id, ms, startedMs }) => {
      const left = estimates.get(id)
      if (!backfills.has(id) || left === undefined || ms === null) return []
      return [Math.abs(at + left - (startedMs + ms)) / ms]
    })
    const plan = new Map(readers.map(({ id }, n) => [id, n % 2 === 0 ? 'pro' : 'free']))
    const requestsOf = (name: string) => median(used.filter(({ user }) => plan.get(user) === name).map(({ requests }) => requests))
    const syncs = jobs.filter(({ user, kind }) => kind === 'incremental' && synced.some(({ id }) => id === user))
    const endOf = new Map(jobs.filter(({ id }) => backfills.has(id)).map(({ user, ms, startedMs }) => [user, startedMs + (ms ?? 0)]))
    const shops = new Map(readers.map(({ id, shops: { etsy } }) => [String(etsy.id), endOf.get(id) ?? 0]))
    const arrivals = sandbox.requests('etsy')
    const last = Math.max(...jobs.filter(({ id }) => backfills.has(id)).map(({ ms, startedMs }) => startedMs + (ms ?? 0)))
    return [
      { name: 'requests', values: [arrivals.length] },
      { name: 'time, in days', values: [(last - began) / DAY_MS] },
      { name: 'requests that broke a limit', values: [sandbox.violations().total], atMost: 0 },
      { name: 'share of a day that backfills used, at most', values: [mostInADay(arrivals, shops) / day], atMost: 0.5 },
      { name: 'requests of pro against free on the first day', values: [requestsOf('pro') / requestsOf('free')], atLeast: PRO * 0.9 },
      { name: 'a sync, from its start to its end', unit: 's', values: syncs.map(({ ms }) => (ms ?? 0) / 1000), atMost: 10, by: 'max' },
      { name: 'estimates, of backfills that still run then', values: [errors.length], atLeast: users / 4 },
      { name: 'error of an estimate, part of the whole', values: errors, atMost: 0.1, by: 'max' },
    ]
  },
}
