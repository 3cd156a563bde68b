import { execFileSync } from 'node:child_process'
import { Agent, get, type IncomingMessage } from 'node:http'
import type { Db } from '../../backend/database/db'
import { quantile } from '../base/figures'
import type { Bench } from '../base/harness'
import { rest, until } from '../base/wait'

const PORT = 39_417
const MB = 1024 * 1024
const LISTS = [
  '/api/jobs?limit=50',
  '/api/jobs?status=completed&limit=50',
  '/api/jobs?source=eve&status=running,queued&limit=100',
  '/api/jobs?q=2117&limit=50',
]

/** What a dashboard asks of a busy api process: many watchers, many jobs, some of them moving. */
export const watchers: Bench = {
  about: 'memory of the api with many watchers of a long list, and how long the list takes meanwhile',
  sizes: {
    jobs: { full: 10_000, small: 2_000, about: 'jobs in the list, ten tasks each' },
    watchers: { full: 200, small: 20, about: 'connections that follow it, a tenth of them never read' },
    seconds: { full: 60, small: 10, about: 'how long they watch' },
  },
  async run(ground, { jobs = 0, watchers: count = 0, seconds = 0 }) {
    await fill(ground.db, jobs)
    const api = await ground.start('backend/bin/api.js', [], { API_PORT: String(PORT), METRICS_PORT: String(PORT + 1) })
    const rss = () => Number(execFileSync('ps', ['-o', 'rss=', '-p', String(api.process.pid)], { encoding: 'utf8' })) * 1024
    for (const path of LISTS) await timed(path)
    const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY })
    ground.onEnd(async () => agent.destroy())
    const streams = await Promise.all(Array.from({ length: count }, (_, n) => watch(agent, n % 10 === 0)))
    await until(() => streams.every((stream) => stream.isDeaf || stream.frames > 0), 30_000, 'a first frame for every watcher')
    const early = rss()
    const took: number[] = []
    const memory: number[] = []
    const end = Date.now() + seconds * 1000
    while (Date.now() < end) {
      await move(ground.db)
      for (const path of LISTS) took.push(await timed(path))
      memory.push(rss())
      await rest(100)
    }
    const heard = streams.filter((stream) => !stream.isDeaf)
    const late = Math.max(...memory.slice(-Math.ceil(memory.length / 10)))
    return [
      { name: 'GET /api/jobs, p95', unit: 'ms', values: [quantile(took, 0.95)], atMost: 100 },
      { name: 'GET /api/jobs, median', unit: 'ms', values: [quantile(took, 0.5)] },
      { name: 'frames a second for each watcher', values: heard.map((stream) => stream.frames / seconds) },
      { name: 'RSS with the watchers, at first', unit: 'MB', values: [early / MB] },
      { name: 'RSS, highest of the last tenth', unit: 'MB', values: [late / MB] },
      { name: 'late / early', values: [late / early], atMost: 1.2 },
    ]
  },
}

async function fill(db: Db, jobs: number): Promise<void> {
  await db.query(
    `insert into backhaul.jobs (source, bounded_by, status, params, active_key, admitted, created_at, started_at, completed_at)
     select 'eve', 'zkillboard_backfill_queue', case when n % 5 = 0 and n <= 200 then 'running' when n % 7 = 0 then 'partial' else 'completed' end::backhaul.job_status,
            jsonb_build_object('mode', 'backfill', 'characterId', 2117000000 + n, 'options', '{}'::jsonb),
            'killmails:characterID:' || (2117000000 + n), n % 5 = 0 and n <= 200, t.at, t.at, case when n % 5 = 0 and n <= 200 then null else t.at + interval '90 seconds' end
       from generate_series(1, $1::int) n, lateral (select clock_timestamp() - n * interval '37 seconds' as at) t`,
    [jobs],
  )
  await db.query(
    `insert into backhaul.tasks (job_id, stream, key, queue, state, lane, cursor, pages, seen, new)
     select j.id, 'months', 'characterID/1/year/2024/month/' || n, 'zkillboard_backfill_queue',
            case when j.status = 'running' and n > 5 then 'waiting' else 'done' end::backhaul.task_state, 'zkillboard', '{}', 3, 600, 590
       from backhaul.jobs j, generate_series(1, 10) n`,
  )
  await db.query('analyze backhaul.jobs, backhaul.tasks')
}

/** Something moves in every running job, as workers would. */
async function move(db: Db): Promise<void> {
  await db.query(
    `update backhaul.tasks set pages = pages + 1, seen = seen + 200, new = new + 190, paged_at = clock_timestamp()
      where state = 'waiting' and key like '%/6'`,
  )
}

async function timed(path: string): Promise<number> {
  const began = performance.now()
  const response = await fetch(`http://127.0.0.1:${PORT}${path}`)
  const body = await response.text()
  if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${body.slice(0, 300)}`)
  return performance.now() - began
}

interface Watcher {
  frames: number
  /** It opened the stream and never reads. */
  isDeaf: boolean
}

function watch(agent: Agent, isDeaf: boolean): Promise<Watcher> {
  return new Promise((resolve, reject) => {
    const onAnswer = (response: IncomingMessage) => {
      const it: Watcher = { frames: 0, isDeaf }
      if (isDeaf) response.pause()
      else response.on('data', (chunk: Buffer) => (it.frames += chunk.toString('latin1').split('\n\n').length - 1))
      // The end of the benchmark cuts it.
      response.on('error', () => undefined)
      resolve(it)
    }
    get({ host: '127.0.0.1', port: PORT, path: '/api/events?limit=50', agent, headers: { accept: 'text/event-stream' } }, onAnswer).on(
      'error',
      reject,
    )
  })
}
