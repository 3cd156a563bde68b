import type { Log } from '../../backend/base/log'
import { readConfig, settingsReader } from '../../backend/config/config'
import type { HttpFactory, RequestClass, RouteContext, Source } from '../../backend/contract'
import { type Db, openDb } from '../../backend/database/db'
import { createCredentials } from '../../backend/engine/credentials'
import { createGate } from '../../backend/gate/gate'
import { effectiveLimits } from '../../backend/gate/limits'
import { createHttpFactory } from '../../backend/http'
import { createService } from '../../backend/service/base/context'
import { createRouteContext } from '../../backend/service/routes/context'
import { sources } from '../../backend/sources'
import { quiet, type Suite, suite } from './suite'

export interface Sandboxed extends Suite {
  /** What a route of the source may use. */
  route(): RouteContext
  /** The clients of the source, as a step has them. */
  http(as?: RequestClass): ReturnType<HttpFactory>
}

/** A source in this process, with its real gate, tokens and HTTP, at a sandbox. */
export async function sandboxed(
  source: Source,
  sandbox: { urls: Record<string, string>; limits: object },
  limits: object = sandbox.limits,
  more: Record<string, string> = {},
  log: Log = quiet,
): Promise<Sandboxed> {
  const env = {
    ...sandbox.urls,
    CONTACT: 'tests@example.org',
    LIMITS: JSON.stringify(limits),
    ALLOW_PRIVATE_HOSTS: 'true',
    TOKEN_KEY: '17'.repeat(32),
    ...more,
  }
  const config = readConfig([source, ...sources], env)
  const settings = settingsReader(config)
  const effective = effectiveLimits([source, ...sources.filter((one) => one.name !== source.name)], config.limits)
  let gateDb: Db | undefined
  const factory: HttpFactory = (one, use) => {
    gateDb ??= openDb(it.databaseUrl, { name: 'gate' })
    const credentials = createCredentials({ db: gateDb, sealer: config.sealer, settings })
    http ??= createHttpFactory({ gate: createGate(gateDb, effective), limits: effective, config, credentials })
    return http(one, use)
  }
  const it = await suite([source], { settings, http: factory, log })
  let http: HttpFactory | undefined
  return {
    ...it,
    route: () =>
      createRouteContext(createService(it, config), source, { who: 'admin', address: '127.0.0.1', entryPoint: 'rest' }, { id: 'test' }),
    http: (as = 'live') => factory(source, { class: as, signal: new AbortController().signal, nextAt: {}, traffic: {}, log: quiet }),
    async close() {
      await gateDb?.close()
      await it.close()
    },
  }
}
