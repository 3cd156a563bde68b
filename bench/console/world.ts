import { setTimeout as rest } from 'node:timers/promises'
import type { Source } from '../../backend/contract'
import type { User } from '../../backend/sandbox/commerce/people'
import { type Sandbox, startSandbox } from '../../backend/sandbox/server'
import { atproto } from '../../backend/sources/atproto'
import { commerce } from '../../backend/sources/commerce'
import { eve } from '../../backend/sources/eve'
import { tf2 } from '../../backend/sources/tf2'
import { toastmasters } from '../../backend/sources/toastmasters'
import { bury } from '../../queues/dead'
import type { Ground } from '../base/harness'
import { startJobs } from '../base/jobs'
import { until } from '../base/wait'
import { connectSeller, TOKEN_KEY } from '../commerce/sellers'

/*
 * A suite in which something of everything happens: jobs of all five sources that run, wait, are paused, are done, failed; a dead letter,
 * a schedule, a webhook that fails. The console is shown with it.
 */

/** What the console shows of it. */
export interface World {
  url: string
  sandbox: Sandbox
  /** Ids of jobs by what is to be seen of them. */
  jobs: Record<'running' | 'failed' | 'report' | 'grid' | 'stages', string>
}

/** The character of the sandbox with the most killmails, and one with few. */
const [MOST, FEW] = [2117325769, 90000005]
/** Long enough that jobs still run while their pages are read, ms. */
const SLOW_MS = 4_000

const one = async <P>(ground: Ground, source: Source<P>, request: unknown): Promise<string> => {
  const [job] = await startJobs(ground, source, [request])
  if (!job) throw new Error(`no job of ${source.name} was started`)
  return job.id
}

/** Starts the sandbox, every process of the suite and the jobs, and waits until each of them is what it is to show. */
export async function openWorld(ground: Ground, port: number): Promise<World> {
  const sandbox = await startSandbox({
    ...{ seed: 11, scale: 4_000, speed: 30, bigAttackers: 30, repos: 60, pdses: 4 },
    ...{ users: 2, ordersPerShop: 400, productsPerShop: 40 },
  })
  ground.onEnd(() => sandbox.close())
  const env = {
    ...sandbox.urls,
    ...{ LIMITS: JSON.stringify(sandbox.limits), TOKEN_KEY, ATTEMPTS: '2', TURN_SECONDS: '5' },
    ...{ API_PORT: String(port), METRICS_PORT: String(port + 1), DEPLOYED_VERSION: '1.4.0' },
  }
  const sources = [eve, tf2, toastmasters, commerce, atproto]
  const apps = sources.flatMap(({ workers }) => Object.keys(workers))
  await ground.start('backend/bin/api.js', [], env)
  await ground.start('backend/bin/scheduler.js', [], env)
  for (const app of apps) await ground.start('backend/bin/worker.js', [app], env)
  await connectSeller(ground.db, sandbox, sandbox.commerce.world.users[0] as User)
  const url = `http://127.0.0.1:${port}`
  await attend(ground, url)
  const ended = (name: string, id: string) =>
    until(
      async () => (await ground.db.query(`select 1 from backhaul.jobs where id = $1 and completed_at is not null`, [id])).length > 0,
      180_000,
      `the job ${name} to end`,
    )
  sandbox.fault({ name: 'status', api: 'zkillboard', status: 500, match: '90000001' })
  const jobs = {
    failed: await one(ground, eve, { characterId: 90000001 }),
    report: await one(ground, tf2, tf2.example),
    grid: await one(ground, toastmasters, {
      ...{ startDate: '2024-01-20', endDate: '2024-01-31', collectionType: 'per-district' },
      targetDistricts: ['1', '2', '42', '61', '101', 'F'],
    }),
    stages: await one(ground, commerce, { userId: sandbox.commerce.world.users[0]?.id }),
  }
  await one(ground, atproto, atproto.example)
  for (const [name, id] of Object.entries(jobs)) await ended(name, id)
  sandbox.fault({ name: 'slow', api: 'zkillboard', ms: SLOW_MS })
  const running = await one(ground, eve, { characterId: MOST })
  await until(
    async () => (await ground.db.query(`select 1 from backhaul.tasks where job_id = $1 and pages > 1`, [running])).length > 0,
    60_000,
    'a job to be under way',
  )
  const others = Array.from({ length: 20 }, (_, n) => ({ characterId: FEW + 1 + n }))
  const [paused] = await startJobs(ground, eve, [{ characterId: FEW }, ...others])
  await post(url, `/api/jobs/${paused?.id}/pause`)
  // Figures by the minute, as charts show them.
  await rest(65_000)
  return { url, sandbox, jobs: { ...jobs, running } }
}

async function post(url: string, path: string, body: object = {}): Promise<void> {
  const answer = await fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
}

/** What an operator attends to: a dead letter, a schedule, a webhook whose address nobody answers. */
async function attend(ground: Ground, url: string): Promise<void> {
  const body = Buffer.from(JSON.stringify({ characterId: 'not a number' }))
  await bury(ground.broker, { queue: 'zkillboard_backfill_queue', body, messageId: 'a dead letter' }, 'characterId must be a whole number')
  await post(url, '/api/schedules', { name: 'every-minute', cron: '* * * * *', source: 'eve', params: { characterId: FEW } })
  await post(url, '/api/webhooks', { url: 'http://127.0.0.1:9/hook', events: ['job.completed'] })
}
