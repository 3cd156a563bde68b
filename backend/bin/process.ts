import { hostname } from 'node:os'
import { basename } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { version } from '../../package.json'
import { Refused, Unreachable } from '../base/errors'
import type { Log } from '../base/log'
import { leave } from '../base/stdio'
import { type Config, readConfig } from '../config/config'
import { secretsIn } from '../config/secrets-file'
import { createJobLog, type JobLog } from '../engine/job-log'
import { sources } from '../sources'
import { startTracing } from '../tracing'
import { createLogger } from './logger'

/** Exit code for a fault that a restart does not fix; PM2 does not restart then. */
const EX_CONFIG = 78
/** How long a start may go on after a signal, ms: a worker may hold a task already, which it releases once it has started. */
const START_MS = 3000

export interface Program {
  stop(): Promise<void>
}

/**
 * Runs a long-lived process: reads settings, starts, tells PM2 `ready`, stops cleanly on SIGINT, SIGTERM or PM2's `shutdown`.
 * A fault that a person must fix is logged in one sentence with exit code 78; anything else exits with 1, and PM2 restarts it.
 */
export async function run(start: (config: Config, log: Log, jobLog: JobLog) => Promise<Program>): Promise<void> {
  let log = createLogger({ level: 'info', format: 'pretty' })
  try {
    // Before settings are read: they join the environment then.
    const kept = process.env.pm_id === undefined ? [] : secretsIn(sources, process.env)
    const config = readConfig(sources)
    const jobLog = createJobLog(`${serviceName()} ${hostname()}:${process.pid}`, config.jobLogLines)
    log = createLogger({ level: config.logLevel, format: config.logFormat }, jobLog)
    if (kept.length > 0)
      log.warn(
        `PM2 itself holds ${kept.join(', ')}, and pm2 save writes that to disk: run npx pm2 delete ecosystem.config.js, then npx pm2 start ecosystem.config.js.`,
      )
    const stopTracing = startTracing({ endpoint: config.otlpEndpoint, service: serviceName(), version, log })
    // It runs once its signals are listened for.
    const starting = Promise.resolve().then(() => start(config, log, jobLog))
    const isStopping = onStop(starting, stopTracing, log)
    await starting
    if (!isStopping()) process.send?.('ready')
  } catch (error) {
    log.error((error as Error).message)
    log.debug('stack trace', { stack: (error as Error).stack })
    // While the broker is unreachable PM2 restarts the process, however long that lasts.
    const isForPerson = error instanceof Refused && error.code === 'setup' && !(error instanceof Unreachable)
    await leave(isForPerson ? EX_CONFIG : 1)
  }
}

/** `worker-backfill` of `worker.js worker-backfill`, else `scheduler` of `scheduler.js`. */
const serviceName = (): string => process.argv[2] ?? basename(process.argv[1] ?? 'backhaul', '.js')

/** Stops the program once, at the first signal, also while it still starts. @returns whether that signal has come */
function onStop(starting: Promise<Program>, stopTracing: () => Promise<void>, log: Log): () => boolean {
  let stopping = false
  const stop = async () => {
    // A start that fails is reported where it is waited for.
    const program = await Promise.race([starting, pause(START_MS)]).catch(() => undefined)
    await program?.stop().finally(stopTracing)
  }
  const onSignal = () => {
    if (stopping) return
    stopping = true
    stop().then(
      () => leave(0),
      (error: Error) => {
        log.error(`Stop failed: ${error.message}`)
        return leave(1)
      },
    )
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  process.on('message', (message) => {
    if (message === 'shutdown') onSignal()
  })
  return () => stopping
}
