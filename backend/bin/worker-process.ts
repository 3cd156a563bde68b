import { openBroker } from '../../queues/broker'
import { Refused } from '../base/errors'
import type { Log } from '../base/log'
import { requireAccess } from '../config/apis'
import { type Config, settingsReader } from '../config/config'
import type { Listener, Source } from '../contract'
import { openDb } from '../database/db'
import type { Point } from '../engine/engine'
import { newWorkerId } from '../engine/heartbeat'
import { type JobLog, keepJobLog } from '../engine/job-log'
import { createListenerProcess } from '../engine/listen'
import { createWorker } from '../engine/worker'
import { userAgent } from '../http/user-agent'
import { openUpstreams } from '../service/base/upstreams'
import { sources } from '../sources'
import type { Program } from './process'
import { requireSchema, requireWrites } from './schema'

/**
 * Wires the worker of one PM2 app.
 * @param reached called at each named point; the fault stories kill the process there
 */
export const startWorker =
  (app: string, reached?: (point: Point) => void) =>
  async (config: Config, log: Log, jobLog: JobLog): Promise<Program> => {
    const listening = sources.find((one) => one.listeners?.[app])
    if (listening?.listeners?.[app]) return await startListener(app, listening, listening.listeners[app], config, log)
    const source = sources.find((one) => one.workers[app])
    const definition = source?.workers[app]
    if (!source || !definition) {
      const names = sources.flatMap((one) => [...Object.keys(one.workers), ...Object.keys(one.listeners ?? {})]).join(', ')
      throw new Refused('setup', `There is no worker ${JSON.stringify(app)}; the workers are ${names}.`)
    }
    // What only writes messages of feeds asks no API.
    if (definition.queues.some((queue) => !isFeed(source, queue))) requireAccess(source, config)
    const db = openDb(config.databaseUrl, { name: app })
    const heartbeatDb = openDb(config.databaseUrl, { name: `${app} heartbeat`, max: 1 })
    await requireSchema(config.databaseUrl, db)
    await requireWrites(db)
    const broker = openBroker({ url: config.rabbitmqUrl, name: app, log })
    const id = newWorkerId()
    const settings = settingsReader(config)
    const upstreams = openUpstreams({ db, config, sources, holder: id })
    const { turnMs, attempts } = config
    const worker = createWorker({
      id,
      app,
      version: config.version,
      ...definition,
      sources,
      db,
      heartbeatDb,
      broker,
      http: upstreams.http,
      log,
      turnMs,
      attempts,
      settings,
      reached,
    })
    await broker.ready()
    await worker.start()
    // Beside the heartbeat, so that pages never wait for a connection.
    const stopJobLog = keepJobLog(jobLog, heartbeatDb, log)
    return {
      async stop() {
        await worker.stop()
        await stopJobLog()
        await upstreams.close()
        await broker.close()
        await Promise.all([db.close(), heartbeatDb.close()])
      },
    }
  }

const isFeed = ({ feeds = {} }: Source, queue: string): boolean => Object.values(feeds).some((feed) => feed.queue === queue)

/** Wires the listener of one PM2 app. @throws {Refused} `setup` while its setting is off */
async function startListener(app: string, source: Source, listener: Listener, config: Config, log: Log): Promise<Program> {
  const settings = settingsReader(config)(source)
  if (settings[listener.enabled] !== true)
    throw new Refused('setup', `${app} is off: set ${listener.enabled}=true to run it.`, listener.enabled)
  const db = openDb(config.databaseUrl, { name: app, max: 1 })
  await requireSchema(config.databaseUrl, db)
  await requireWrites(db)
  const broker = openBroker({ url: config.rabbitmqUrl, name: app, log })
  const id = newWorkerId()
  const process = createListenerProcess({
    id,
    app,
    version: config.version,
    listener,
    settings,
    userAgent: userAgent(config.contact),
    db,
    broker,
    log,
  })
  await broker.ready()
  await process.start()
  return {
    async stop() {
      await process.stop()
      await broker.close()
      await db.close()
    },
  }
}
