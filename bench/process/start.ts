import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { SQUADS } from '../../backend/sandbox/eve/people'
import { type Figure, quantile } from '../base/figures'
import type { Bench, Ground } from '../base/harness'
import { completed } from '../base/jobs'
import { openUpstream } from '../base/upstream'
import { rest } from '../base/wait'

const SCRIPT = join(__dirname, '..', '..', 'scripts', 'queue.js')

/** The script from start to exit, ms. */
async function queue(env: Record<string, string>, id: number): Promise<number> {
  const began = performance.now()
  const child = spawn(process.execPath, [SCRIPT, 'character-killmails', String(id), '--max-pages', '1'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk))
  const [code] = (await once(child, 'exit')) as [number]
  if (code !== 0) throw new Error(`the queue script exited with ${code}: ${complaint}`)
  return performance.now() - began
}

async function newestJob({ db }: Ground): Promise<{ id: string; at: number }> {
  const [job] = await db.query<{ id: string; at: number }>(
    `select id, (extract(epoch from created_at) * 1000)::float8 as at from backhaul.jobs order by created_at desc limit 1`,
  )
  if (!job) throw new Error('the queue script left no job')
  return job
}

/** The database's clock less ours, ms; half the way of the question at most is wrong with it. */
async function clockOffset({ db }: Ground): Promise<number> {
  const offsets: number[] = []
  for (let n = 0; n < 9; n++) {
    const before = Date.now()
    const [row] = await db.query<{ now: number }>('select (extract(epoch from clock_timestamp()) * 1000)::float8 as now')
    offsets.push((row?.now ?? 0) - (before + Date.now()) / 2)
  }
  return quantile(offsets, 0.5)
}

/** How soon work begins on a suite that has none. */
export const start: Bench = {
  about: 'how long the queue script runs, and how soon after the job is committed its first request arrives',
  sizes: { tries: { full: 40, small: 8, about: 'jobs, one after the other' } },
  async run(ground, { tries = 0 }) {
    const { sandbox, env: addresses } = await openUpstream(ground, { scale: 2000, open: true, bigAttackers: 0 })
    const env = { ...ground.env, ...addresses }
    await ground.start('backend/bin/scheduler.js', [], env)
    await ground.start('backend/bin/worker.js', ['worker-backfill'], env)
    const characters = SQUADS.flatMap((squad) => squad.characters)
    const offset = await clockOffset(ground)
    const script: number[] = []
    const first: number[] = []
    for (let n = -2; n < tries; n++) {
      sandbox.reset()
      const ms = await queue(env, characters[(n + 2) % characters.length] ?? 0)
      const job = await newestJob(ground)
      await completed(ground, job.id, 60_000)
      // The wake-ups of the end are answered too before the suite is idle again.
      await rest(300 + Math.random() * 250)
      const arrival = sandbox.requests('zkillboard')[0]?.at
      if (arrival === undefined) throw new Error('the job ended without a request')
      if (n < 0) continue
      script.push(ms)
      first.push(arrival - (job.at - offset))
    }
    const figures: Figure[] = [
      { name: 'queue script, start to exit', unit: 'ms', values: script, atMost: 500 },
      { name: 'queued → first request', unit: 'ms', values: first },
      { name: 'queued → first request, p95', unit: 'ms', values: [quantile(first, 0.95)], atMost: 250 },
    ]
    return figures
  },
}
