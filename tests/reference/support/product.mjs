import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { canonical } from './dag-cbor.mjs'
import { gone, made } from './leavings.mjs'
import { ROOT } from './services.mjs'
import { until } from './until.mjs'

const ENDED = ['completed', 'partial', 'failed', 'cancelled']

/** Limits that are never met, where limits are not the point. */
export const FAST = {
  plc: { requests: 1000, perMs: 1000 },
  relay: { requests: 1000, perMs: 1000 },
  pds: { requests: 100_000, perMs: 1000, perDay: 100_000, dayMs: 1000 },
  handles: { requests: 1000, perMs: 1000 },
}

/** Why the product cannot be run, in one sentence. */
export function missing() {
  const wanted = ['backend/bin/worker.js', 'backend/bin/scheduler.js', 'scripts/queue.js', 'scripts/jobs.js', 'scripts/migrate.js']
  return wanted.every((file) => existsSync(join(ROOT, 'dist', file)))
    ? undefined
    : 'dist/ is missing or not whole: run yarn build in the checkout, then this again.'
}

/**
 * The product's own processes on a database and a vhost of their own: a scheduler, and by default a worker.
 * @param urls of the relay, the directory and the resolver of handles
 */
export async function startProduct(services, urls, { limits = FAST, attempts = 4, worker: wantsWorker = true } = {}) {
  const own = await services.make()
  const env = {
    PATH: process.env.PATH,
    DATABASE_URL: own.databaseUrl,
    RABBITMQ_URL: own.rabbitmqUrl,
    ALLOW_PRIVATE_HOSTS: 'true',
    CONTACT: 'tests@example.org',
    ATTEMPTS: String(attempts),
    LIMITS: JSON.stringify(limits),
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'info',
    OTEL_EXPORTER_OTLP_ENDPOINT: '',
    TURN_SECONDS: '',
    ATPROTO_JOBS: '',
    ...urls,
  }
  const db = new pg.Pool({ connectionString: own.databaseUrl, max: 2 })
  // A database that is dropped under it at the end is no fault.
  db.on('error', () => undefined)
  const running = new Set()
  const logged = []
  let closed = false

  async function start(script, ...args) {
    const child = spawn(process.execPath, [join(ROOT, script), ...args], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output = (output + chunk).slice(-20_000)
        logged.push(
          ...String(chunk)
            .split('\n')
            .filter((line) => /"level":"(warn|error)"/.test(line)),
        )
      })
    }
    made('process', child.pid)
    child.once('exit', () => gone('process', child.pid))
    const isOver = () => child.exitCode !== null || child.signalCode !== null
    const self = {
      async kill(signal = 'SIGKILL') {
        running.delete(self)
        if (isOver()) return
        const ended = once(child, 'exit')
        child.kill(signal)
        await ended
      },
    }
    running.add(self)
    await until(() => output.includes('is ready') || isOver(), { what: `${script} to be ready` })
    if (isOver()) throw new Error(`${script} ended with ${child.exitCode ?? child.signalCode}: ${output}`)
    return self
  }

  const run = (script, ...args) =>
    new Promise((resolve) => {
      execFile(process.execPath, [join(ROOT, script), ...args], { cwd: ROOT, env, maxBuffer: 64 << 20 }, (error, out, err) =>
        resolve({ code: error ? (error.code ?? 1) : 0, out, err }),
      )
    })

  async function json(script, ...args) {
    const { code, out, err } = await run(script, ...args, '--json')
    try {
      return JSON.parse(out)
    } catch {
      throw new Error(`${script} ${args.join(' ')} exited with ${code}: ${err}${out}`)
    }
  }

  const query = async (sql, values) => (await db.query(sql, values)).rows
  const product = {
    query,
    /** Warnings and errors of its processes. */
    logged,
    worker: () => start('dist/backend/bin/worker.js', 'worker-atproto'),
    /** Queues a backfill. @returns the job's id */
    async queue(...args) {
      const { jobs } = await json('dist/scripts/queue.js', 'atproto', ...args)
      return jobs[0].id
    },
    async ended(job, timeoutMs = 120_000) {
      const hasEnded = async () => {
        const [row] = await query('select status from backhaul.jobs where id = $1', [job])
        return ENDED.includes(row?.status)
      }
      await until(hasEnded, { timeoutMs, what: `job ${job} to end` }).catch(async (error) => {
        const tasks = await query(
          `select stream, key, lane, state, attempts, waiting_on, error_kind, error from backhaul.tasks where job_id = $1 and state in ('waiting', 'ready') limit 5`,
          [job],
        )
        throw new Error(`${error.message}; tasks: ${JSON.stringify(tasks)}; last logged: ${logged.slice(-5).join('\n')}`)
      })
      return await json('dist/scripts/jobs.js', 'report', job)
    },
    /** Queues a backfill and waits for its end. @returns its report */
    backfill: async (...args) => await product.ended(await product.queue(...args)),
    retry: (job) => run('dist/scripts/jobs.js', 'retry', job),
    /** Rows of collections: uri to cid and JSON. */
    async rows(collections) {
      const all = await query(`select uri, cid, record::text as json from atproto.records where collection = any($1)`, [collections])
      return new Map(all.map(({ uri, cid, json: text }) => [uri, { cid, json: canonical(text) }]))
    },
    /** The transaction that wrote each row last, and where the row lies. */
    async stamps() {
      const all = await query(`select uri, xmin::text || ' ' || ctid::text as stamp from atproto.records`)
      return new Map(all.map(({ uri, stamp }) => [uri, stamp]))
    },
    rejects: (job) => query(`select key, reason, detail from backhaul.rejects where job_id = $1 order by key`, [job]),
    /** Each task of a stream, with the requests it sent to PDSes. */
    tasks: (job, stream = 'repo') =>
      query(
        `select key, lane, state::text, reason, error_kind, error, attempts, seen::int, new::int, updated::int, deleted::int,
                coalesce((traffic->'pds'->>'requests')::int, 0) as requests
           from backhaul.tasks where job_id = $1 and stream = $2 order by key`,
        [job, stream],
      ),
    async count() {
      const [row] = await query('select count(*)::int as n from atproto.records')
      return row.n
    },
    async close() {
      if (closed) return
      closed = true
      await Promise.all([...running].map((one) => one.kill()))
      await db.end()
      await own.close()
    },
  }
  await start('dist/backend/bin/scheduler.js')
  if (wantsWorker) product.first = await product.worker()
  return product
}
