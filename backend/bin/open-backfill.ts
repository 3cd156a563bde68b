import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { openBroker } from '../../queues/broker'
import type { Log } from '../base/log'
import { readConfig } from '../config/config'
import { openDb } from '../database/db'
import { createService } from '../service/base/context'
import { createRouteContext } from '../service/routes/context'
import { sources } from '../sources'
import { toastmasters } from '../sources/toastmasters'
import {
  AlertManager,
  CircuitBreakerManager,
  DistrictConfigurationService,
  PerDistrictFileSnapshotStore,
  RefreshService,
  readPerformance,
} from '../sources/toastmasters/backfill-service'
import type { Context } from '../sources/toastmasters/routes/parts'

const nothing = () => undefined
const silent: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/**
 * What a program needs to make a `BackfillService`. It reads the settings of its environment; backfills are run by the workers.
 * @throws {Refused} `setup` when a setting is wrong
 */
export async function openBackfill(env: NodeJS.ProcessEnv = process.env, log: Log = silent) {
  const config = readConfig(sources, env)
  const db = openDb(config.databaseUrl, { name: 'program' })
  const broker = openBroker({ url: config.rabbitmqUrl, name: 'program', log })
  const service = createService({ db, broker, sources, log }, config)
  const context = createRouteContext(
    service,
    toastmasters,
    { who: 'local', address: hostname(), entryPoint: 'cli' },
    { id: randomUUID() },
  ) as Context
  return {
    refreshService: new RefreshService(context, await readPerformance(context)),
    snapshotStore: new PerDistrictFileSnapshotStore(context),
    configService: new DistrictConfigurationService(context),
    alertManager: new AlertManager(context),
    circuitBreakerManager: new CircuitBreakerManager(context),
    async close() {
      await Promise.all([broker.close(), db.close()])
    },
  }
}
