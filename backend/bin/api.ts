import { join } from 'node:path'
import { version } from '../../package.json'
import { openBroker } from '../../queues/broker'
import { openDepths } from '../../queues/depths'
import { failureCounter } from '../api/failures'
import { requireTokenOrLoopback } from '../api/security'
import { type Api, createApi } from '../api/server'
import { Refused } from '../base/errors'
import { keepFlushing } from '../base/flush-counts'
import { projectRoot } from '../base/project-root'
import { openDb } from '../database/db'
import { keepJobLog } from '../engine/job-log'
import { serveMetrics } from '../metrics/server'
import { createService } from '../service/base/context'
import { sources } from '../sources'
import { run } from './process'
import { requireSchema } from './schema'
import { started } from './started'

/** Database connections, shared by the queries of all clients. */
const CONNECTIONS = 6
/** What is loaded at first use is loaded then at the latest, ms after the start: until then visitors are answered first. */
const LOAD_ALL_MS = 10_000
/** How long to wait for the first connection to the broker, ms; without it the dashboard is still useful. */
const BROKER_MS = 3000

/** @throws {Refused} `setup` when the port is taken or the address is not this machine's */
async function listen(api: Api): Promise<string> {
  try {
    return await api.listen()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException & { port?: number }
    if (code === 'EADDRINUSE')
      throw new Refused('setup', `${message.replace(/^listen EADDRINUSE: /, '')}: stop the process that uses it, or set API_PORT in .env.`)
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EACCES')
      throw new Refused('setup', `The API cannot listen (${message}): check API_HOST and API_PORT in .env.`)
    throw error
  }
}

void run(async (config, log, jobLog) => {
  requireTokenOrLoopback(config)
  const db = openDb(config.databaseUrl, { name: 'api', max: CONNECTIONS })
  await requireSchema(config.databaseUrl, db)
  const broker = openBroker({ url: config.rabbitmqUrl, name: 'api', log })
  const depths = openDepths({ url: config.rabbitmqUrl, name: 'api depths', log })
  await broker.ready(BROKER_MS).catch((error: Error) => log.warn(`${error.message} The API starts without it.`))
  const service = createService({ db, broker, sources, log }, config, depths)
  const failures = failureCounter()
  const api = await createApi({ service, version, dashboard: join(projectRoot(), 'dist', 'dashboard'), failures })
  const at = await listen(api)
  const metrics = await serveMetrics(service, failures)
  const stopFlushing = keepFlushing(db, log)
  const stopped = await started(db, log, 'api', config.version)
  const stopJobLog = keepJobLog(jobLog, db, log)
  const loading = setTimeout(() => api.loadAll(), LOAD_ALL_MS)
  log.info('API is ready', { at, docs: `${at}/api/docs`, access: config.adminToken ? 'with a token' : 'this machine only' })
  return {
    async stop() {
      clearTimeout(loading)
      await Promise.all([api.close(), metrics.close()])
      await service.upstreams.close()
      await stopFlushing()
      await stopped()
      await stopJobLog()
      await Promise.all([broker.close(), depths.close()])
      await db.close()
    },
  }
})
