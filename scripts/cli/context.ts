import type { Log } from '../../backend/base/log'
import { type Config, readConfig } from '../../backend/config/config'
import type { Source } from '../../backend/contract'
import type { Db } from '../../backend/database/db'
import type { Service } from '../../backend/service/base/context'
import { sources } from '../../backend/sources'
import type { Broker } from '../../queues/broker'
import type { Terminal } from './terminal'

/** What a command works with; each part is loaded and opened at its first use, and closed at the end. */
export interface Context {
  readonly terminal: Terminal
  /** @throws {Refused} `setup` when a setting is wrong */
  readonly config: Config
  readonly db: Db
  readonly broker: Broker
  /** Silent unless LOG_LEVEL=debug: commands print what happened themselves. */
  readonly log: Log
  /** The exit code of the process unless something is thrown. */
  exitCode: number
  service(sources: readonly Source[]): Service
  close(): Promise<void>
}

export const isDebug = (env: NodeJS.ProcessEnv): boolean => env.LOG_LEVEL === 'debug'

function quietLog(terminal: Terminal): Log {
  const print = (message: string, fields?: Record<string, unknown>) => {
    if (isDebug(terminal.env)) terminal.err([message, ...Object.entries(fields ?? {}).map(([key, value]) => `${key}=${value}`)].join(' '))
  }
  return { debug: print, info: print, warn: print, error: print }
}

export function createContext(terminal: Terminal): Context {
  let config: Config | undefined
  let db: Db | undefined
  let broker: Broker | undefined
  const services = new Map<readonly Source[], Service>()
  const log = quietLog(terminal)
  const context: Context = {
    terminal,
    log,
    exitCode: 0,
    get config() {
      config ??= readConfig(sources, terminal.env)
      return config
    },
    get db() {
      if (db) return db
      const { openDb } = require('../../backend/database/db') as typeof import('../../backend/database/db')
      db = openDb(context.config.databaseUrl, { name: 'command' })
      return db
    },
    get broker() {
      if (broker) return broker
      const { openBroker } = require('../../queues/broker') as typeof import('../../queues/broker')
      broker = openBroker({ url: context.config.rabbitmqUrl, name: 'command', log })
      return broker
    },
    service(sources) {
      const made = services.get(sources)
      if (made) return made
      const { createService } = require('../../backend/service/base/context') as typeof import('../../backend/service/base/context')
      const service = createService({ db: context.db, broker: context.broker, sources, log }, context.config)
      services.set(sources, service)
      return service
    },
    async close() {
      await Promise.all([...services.values()].map(({ upstreams }) => upstreams.close()))
      await Promise.all([db?.close(), broker?.close()])
    },
  }
  return context
}
