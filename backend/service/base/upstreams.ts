import { type Config, settingsReader } from '../../config/config'
import type { HttpFactory, Source } from '../../contract'
import type { Db } from '../../database/db'
import { createCredentials } from '../../engine/credentials'
import { createGate, type Gate } from '../../gate/gate'
import { effectiveLimits, type Limits } from '../../gate/limits'

/** The upstreams of the sources, as a process asks them: through the gate, and with the tokens of accounts. */
export interface Upstreams {
  readonly http: HttpFactory
  /** Call it once no request runs any more, before the database is closed. */
  close(): Promise<void>
}

interface Parts {
  db: Db
  config: Config
  sources: readonly Source[]
  limits?: Limits
  /** The id of the worker whose requests these are. */
  holder?: string
}

/** Opened at the first use: the HTTP client takes longer to load than most commands take to run. */
export function openUpstreams({ db, config, sources, limits = effectiveLimits(sources, config.limits), holder }: Parts): Upstreams {
  let gate: Gate | undefined
  let http: HttpFactory | undefined
  return {
    get http() {
      if (http) return http
      const { createHttpFactory } = require('../../http') as typeof import('../../http')
      gate = createGate(db, limits, { holder })
      const credentials = createCredentials({ db, sealer: config.sealer, settings: settingsReader(config) })
      http = createHttpFactory({ gate, limits, config, credentials })
      return http
    },
    async close() {
      await gate?.close()
    },
  }
}
