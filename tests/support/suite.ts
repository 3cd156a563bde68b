import type { Log } from '../../backend/base/log'
import type { HttpFactory, SettingsReader, Source } from '../../backend/contract'
import { type Db, openDb } from '../../backend/database/db'
import type { Engine, Point } from '../../backend/engine/engine'
import { newWorkerId } from '../../backend/engine/heartbeat'
import { parseParams, type StartOptions, startJob } from '../../backend/engine/jobs/verbs'
import { createScheduler } from '../../backend/engine/upkeep/scheduler'
import { wake } from '../../backend/engine/wake'
import { createWorker, type Worker } from '../../backend/engine/worker'
import { type Broker, openBroker } from '../../queues/broker'
import { testEnv } from './env'
import { until } from './until'

export const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} }

const noHttp: HttpFactory = () => () => {
  throw new Error('this test has no HTTP')
}

export interface Suite extends Engine {
  databaseUrl: string
  rabbitmqUrl: string
  /** A worker of this app of the source, or of its first, in this process. */
  worker(options?: {
    app?: string

    turnMs?: number
    attempts?: number
    concurrency?: number
    graceMs?: number
    reached?: (point: Point) => void
    broker?: Broker
  }): Promise<Worker>
  /** Starts a job and wakes its workers at once, as every entry point does; returns its id. */
  startJob(source: Source, request: object, options?: StartOptions): Promise<string>
  status(jobId: string): Promise<string>
  /** Waits until the job has ended and returns how. */
  ended(jobId: string, timeoutMs?: number): Promise<string>
  close(): Promise<void>
}

/** A database and a vhost of their own with a scheduler, and as many workers as the test starts. */
export async function suite(
  sources: Source[],
  options: { http?: HttpFactory; scheduler?: boolean; log?: Log; settings?: SettingsReader } = {},
): Promise<Suite> {
  const env = await testEnv()
  const log = options.log ?? quiet
  const db: Db = openDb(env.databaseUrl, { name: 'suite', max: 5 })
  const lockDb = openDb(env.databaseUrl, { name: 'suite lock', max: 1 })
  const broker = openBroker({ url: env.rabbitmqUrl, name: 'suite', log })
  await broker.ready()
  const engine: Engine = { db, broker, sources, log, settings: options.settings }
  const scheduler = createScheduler({ ...engine, lockDb })
  if (options.scheduler !== false) scheduler.start()
  const closing: (() => Promise<unknown>)[] = []
  const status = async (jobId: string) =>
    (await db.query<{ status: string }>('select status from backhaul.jobs where id = $1', [jobId]))[0]?.status ?? 'gone'

  return {
    ...engine,
    databaseUrl: env.databaseUrl,
    rabbitmqUrl: env.rabbitmqUrl,
    async worker({
      app = Object.keys(sources[0]?.workers ?? {})[0] ?? '',
      turnMs = 20_000,
      attempts,
      concurrency,
      graceMs,
      reached,
      broker: own,
    } = {}) {
      const definition = sources[0]?.workers[app]
      if (!definition) throw new Error(`the source has no worker ${app}`)
      const workerDb = openDb(env.databaseUrl, { name: app })
      const heartbeatDb = openDb(env.databaseUrl, { name: `${app} heartbeat`, max: 1 })
      const workerBroker = own ?? openBroker({ url: env.rabbitmqUrl, name: app, log, watchdogMs: 500 })
      await workerBroker.ready()
      const worker = createWorker({
        id: newWorkerId(),
        app,
        queues: definition.queues,
        concurrency: concurrency ?? definition.concurrency,
        sources,
        db: workerDb,
        heartbeatDb,
        broker: workerBroker,
        http: options.http ?? noHttp,
        settings: options.settings,
        log,
        turnMs,
        attempts,
        graceMs,
        reached,
      })
      await worker.start()
      closing.push(async () => {
        await worker.stop()
        await workerBroker.close()
        await Promise.all([workerDb.close(), heartbeatDb.close()])
      })
      return worker
    },
    async startJob(source, request, options) {
      const { id } = await startJob(engine, source, parseParams(source, request), options)
      await wake(db, broker)
      return id
    },
    status,
    ended: (jobId, timeoutMs = 30_000) =>
      until(
        async () => {
          const now = await status(jobId)
          return ['completed', 'partial', 'failed', 'cancelled'].includes(now) ? now : undefined
        },
        { timeoutMs, what: `job ${jobId} to end` },
      ),
    async close() {
      await Promise.all(closing.map((close) => close()))
      await scheduler.stop()
      await broker.close()
      await Promise.all([db.close(), lockDb.close()])
      await env.close()
    },
  }
}
