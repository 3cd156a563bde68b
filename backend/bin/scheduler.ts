import { openBroker } from '../../queues/broker'
import { openDepths } from '../../queues/depths'
import { keepFlushing } from '../base/flush-counts'
import { settingsReader } from '../config/config'
import { openDb } from '../database/db'
import { keepJobLog } from '../engine/job-log'
import { createScheduler } from '../engine/upkeep/scheduler'
import { effectiveLimits } from '../gate/limits'
import { userAgent } from '../http/user-agent'
import { requireSameDatabase } from '../migrate/connect'
import { READ_EVERY_MS, readGates } from '../service/suite/gate-readings'
import { sources } from '../sources'
import { createDeliverer } from '../webhooks/deliver'
import { run } from './process'
import { requireSchema, requireWrites } from './schema'
import { started } from './started'

void run(async (config, log, jobLog) => {
  const db = openDb(config.databaseUrl, { name: 'scheduler' })
  const lockDb = openDb(config.directDatabaseUrl, { name: 'scheduler lock', max: 1, session: "the scheduler's lock" })
  await requireSchema(config.databaseUrl, db)
  await requireSchema(config.directDatabaseUrl, lockDb)
  await requireSameDatabase(config)
  await requireWrites(db)
  const broker = openBroker({ url: config.rabbitmqUrl, name: 'scheduler', log })
  await broker.ready()
  const depths = openDepths({ url: config.rabbitmqUrl, name: 'scheduler depths', log })
  const { stallMs, retentionMs, jobLogMs } = config
  const settings = settingsReader(config)
  const limits = effectiveLimits(sources, config.limits)
  const readings = { everyMs: READ_EVERY_MS, read: () => readGates({ db, limits }) }
  const scheduler = createScheduler({ db, lockDb, broker, sources, log, depths, stallMs, retentionMs, jobLogMs, settings, readings })
  const deliverer = createDeliverer({
    db,
    log,
    allowPrivate: config.allowPrivateHosts,
    userAgent: userAgent(config.contact),
    sealer: config.sealer,
  })
  const stopFlushing = keepFlushing(db, log)
  const stopped = await started(db, log, 'scheduler', config.version)
  const stopJobLog = keepJobLog(jobLog, db, log)
  scheduler.start()
  deliverer.start()
  log.info('Scheduler is ready')
  return {
    async stop() {
      await Promise.all([scheduler.stop(), deliverer.stop()])
      await stopFlushing()
      await stopped()
      await stopJobLog()
      await Promise.all([broker.close(), depths.close()])
      await Promise.all([db.close(), lockDb.close()])
    },
  }
})
