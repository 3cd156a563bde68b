import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type Db, openDb } from '../../backend/database/db'
import type { Point } from '../../backend/engine/engine'
import type { startSandbox } from '../../backend/sandbox/server'
import { testEnv } from './env'
import { until } from './until'

const ROOT = join(__dirname, '..', '..')
const CRASHING = 'tests/support/crashing-worker.js'
const ENDED = ['completed', 'partial', 'failed', 'cancelled']
export type Sandbox = Awaited<ReturnType<typeof startSandbox>>

export interface Process {
  readonly child: ChildProcess
  /** What it printed, for a failing story. */
  output(): string
  kill(signal?: NodeJS.Signals): Promise<void>
}

/** Whole processes from dist/ against a sandbox: what PM2 would run, without PM2. */
export interface System {
  db: Db
  sandbox: Sandbox
  env: Record<string, string>
  /** Runs a program until it tells that it is ready, as it tells PM2; `more` goes over the settings of the system. */
  start(script: string, args?: string[], more?: Record<string, string>): Promise<Process>
  worker(app: string): Promise<Process>
  /** A worker that is started again whenever it dies, as PM2 would. */
  supervised(app: string): Promise<{ kill(): Promise<void> }>
  /** A worker that is killed where it reaches `point` for the n-th time, and then started again without that fault. */
  crashingWorker(app: string, point: Point, nth: number, signal?: 'SIGKILL' | 'SIGSTOP'): Promise<Process>
  /** Runs a worker until it is killed where it reaches `point` for the n-th time; nobody starts it again. */
  killedAt(app: string, point: Point, nth: number): Promise<void>
  scheduler(): Promise<Process>
  /** Runs a script to its end. */
  run(script: string, ...args: string[]): Promise<{ code: number; out: string; err: string }>
  /** Queues one character and returns the job's id. */
  queueCharacter(id: number, ...args: string[]): Promise<string>
  status(job: string): Promise<string | undefined>
  ended(job: string, timeoutMs?: number): Promise<string>
  close(): Promise<void>
}

export interface Services {
  databaseUrl: string
  rabbitmqUrl: string
  /** Past the pooler of `databaseUrl`; absent: it has none. */
  directDatabaseUrl?: string
}

interface Options {
  sandbox: Sandbox
  /** Replaces the services of the test run. */
  services?: Services
  limits?: object
  env?: Record<string, string>
}

export async function system({ sandbox, services, limits, env: more = {} }: Options): Promise<System> {
  const own = services ? undefined : await testEnv()
  const { databaseUrl, rabbitmqUrl, directDatabaseUrl = '' } = services ?? (own as Services)
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    DATABASE_URL: databaseUrl,
    DIRECT_DATABASE_URL: directDatabaseUrl,
    RABBITMQ_URL: rabbitmqUrl,
    ALLOW_PRIVATE_HOSTS: 'true',
    CONTACT: 'stories@example.org',
    LOG_FORMAT: 'json',
    LIMITS: JSON.stringify(limits ?? sandbox.limits),
    ...sandbox.urls,
    ...more,
  }
  const db = openDb(databaseUrl, { name: 'story', max: 2 })
  const running = new Set<Process>()
  let closing = false

  function launch(script: string, args: string[], more: Record<string, string> = {}): Process {
    const options = { cwd: ROOT, env: { ...env, ...more }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] as StdioOptions }
    const child = spawn(process.execPath, [join(ROOT, script), ...args], options)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output = (output + chunk).slice(-20_000)))
    const self: Process = {
      child,
      output: () => output,
      async kill(signal = 'SIGKILL') {
        if (child.exitCode !== null || child.signalCode !== null) return
        child.kill(signal)
        await once(child, 'exit')
      },
    }
    running.add(self)
    child.once('exit', () => running.delete(self))
    return self
  }

  const isGone = ({ child }: Process) => child.exitCode !== null || child.signalCode !== null

  async function start(script: string, args: string[] = [], more: Record<string, string> = {}): Promise<Process> {
    const self = launch(script, args, more)
    let isReady = false
    self.child.on('message', (message) => {
      isReady ||= message === 'ready'
    })
    await until(() => isReady || isGone(self), { timeoutMs: 60_000, what: `${script} to be ready` })
    if (isGone(self)) throw new Error(`${script} ended with ${self.child.exitCode ?? self.child.signalCode}: ${self.output()}`)
    return self
  }

  /** Until it runs: a service may be unreachable for the moment. */
  const startAgain = (app: string): Promise<Process> =>
    start('dist/backend/bin/worker.js', [app]).catch((error: Error) => {
      if (closing || !error.message.includes('ended with 1:')) throw error
      return startAgain(app)
    })

  async function supervised(app: string, current = start('dist/backend/bin/worker.js', [app])) {
    const watch = (process: Process) =>
      process.child.once('exit', () => {
        if (closing) return
        current = startAgain(app)
        // One that cannot start shows as a story that does not end.
        void current.then(watch, () => undefined)
      })
    watch(await current)
    return { kill: async () => (await current).kill() }
  }

  async function run(script: string, ...args: string[]) {
    const child = spawn(process.execPath, [join(ROOT, script), ...args], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk))
    child.stderr.on('data', (chunk: Buffer) => (err += chunk))
    const [code] = (await once(child, 'close')) as [number]
    return { code, out, err }
  }

  const status = async (job: string) =>
    (await db.query<{ status: string }>('select status from backhaul.jobs where id = $1', [job]))[0]?.status

  return {
    db,
    sandbox,
    env,
    start,
    run,
    worker: (app) => start('dist/backend/bin/worker.js', [app]),
    supervised,
    async crashingWorker(app, point, nth, signal = 'SIGKILL') {
      const first = start(CRASHING, [app, point, String(nth), signal])
      await supervised(app, first)
      return await first
    },
    async killedAt(app, point, nth) {
      const worker = launch(CRASHING, [app, point, String(nth), 'SIGKILL'])
      await until(() => isGone(worker), { timeoutMs: 60_000, what: `the kill ${point}` })
      if (worker.child.signalCode !== 'SIGKILL') throw new Error(`${app} ended with ${worker.child.exitCode}: ${worker.output()}`)
    },
    scheduler: () => start('dist/backend/bin/scheduler.js'),
    async queueCharacter(id, ...args) {
      const { code, out, err } = await run('dist/scripts/queue.js', 'character-killmails', String(id), '--json', ...args)
      if (code !== 0) throw new Error(`queue exited with ${code}: ${err}${out}`)
      const answer = JSON.parse(out) as { id?: string; jobs?: { id: string }[] } | { id: string }[]
      const job = Array.isArray(answer) ? answer[0]?.id : (answer.id ?? answer.jobs?.[0]?.id)
      if (!job) throw new Error(`no job in ${out}`)
      return job
    },
    status,
    ended: (job, timeoutMs = 60_000) =>
      until(
        async () => {
          const now = await status(job)
          return now && ENDED.includes(now) ? now : undefined
        },
        { timeoutMs, what: `job ${job} to end` },
      ),
    async close() {
      if (closing) return
      closing = true
      await Promise.all([...running].map((one) => one.kill()))
      await db.close()
      await own?.close()
    },
  }
}

/** Every row of the tables that a backfill fills, without the moments of writing: equal for equal histories. */
export async function tables(db: Db): Promise<Record<string, { rows: number; sum: string }>> {
  const columns = await db.query<{ table: string; columns: string }>(
    `select table_name as table, string_agg(format('%I', column_name), ', ' order by ordinal_position) as columns
       from information_schema.columns
      where table_schema = 'eve' and (data_type <> 'timestamp with time zone' or column_name = 'killmail_time')
      group by table_name order by table_name`,
  )
  const sums: Record<string, { rows: number; sum: string }> = {}
  for (const { table, columns: list } of columns) {
    const [row] = await db.query<{ rows: number; sum: string }>(
      `select count(*)::int as rows, coalesce(md5(string_agg(h, '' order by h)), '') as sum from (select md5(row(${list})::text) as h from eve.${table}) s`,
    )
    if (row) sums[table] = row
  }
  return sums
}
