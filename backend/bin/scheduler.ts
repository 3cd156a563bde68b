import { openBroker } from '../../queues/broker'
import { openDb } from '../db'
import { createScheduler } from '../engine/scheduler'
import { keepFlushing } from '../metrics/flush'
import { sources } from '../sources'
import { run } from './process'
import { requireSchema } from './schema'

void run(async (config, log) => {
  const db = openDb(config.databaseUrl, { name: 'scheduler' })
  const lockDb = openDb(config.databaseUrl, { name: 'scheduler lock', max: 1 })
  await requireSchema(db)
  const broker = openBroker({ url: config.rabbitmqUrl, name: 'scheduler', log })
  await broker.ready()
  const scheduler = createScheduler({ db, lockDb, broker, sources, log })
  const stopFlushing = keepFlushing(db, log)
  scheduler.start()
  log.info('scheduler is ready')
  return {
    async stop() {
      await scheduler.stop()
      await stopFlushing()
      await broker.close()
      await Promise.all([db.close(), lockDb.close()])
    },
  }
})
