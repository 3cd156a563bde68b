import { readConfig, settingsReader } from '../../backend/config/config'
import type { Source } from '../../backend/contract'
import { type Db, openDb } from '../../backend/database/db'
import { createGate } from '../../backend/gate/gate'
import { effectiveLimits } from '../../backend/gate/limits'
import { createHttpFactory } from '../../backend/http'
import { sources } from '../../backend/sources'
import { type Suite, suite } from './suite'
import type { Sandbox } from './system'

/** A source in this process, with its real gate and HTTP, at a sandbox. */
export async function sandboxed(source: Source, sandbox: Sandbox, limits: object = sandbox.limits): Promise<Suite> {
  const env = { ...sandbox.urls, CONTACT: 'tests@example.org', LIMITS: JSON.stringify(limits), ALLOW_PRIVATE_HOSTS: 'true' }
  const config = readConfig([source, ...sources], env)
  const effective = effectiveLimits([source, ...sources.filter((one) => one.name !== source.name)], config.limits)
  let gateDb: Db | undefined
  const it = await suite([source], {
    settings: settingsReader(config),
    http: (one, use) => {
      gateDb ??= openDb(it.databaseUrl, { name: 'gate' })
      http ??= createHttpFactory({ gate: createGate(gateDb, effective), limits: effective, config })
      return http(one, use)
    },
  })
  let http: ReturnType<typeof createHttpFactory> | undefined
  return {
    ...it,
    async close() {
      await gateDb?.close()
      await it.close()
    },
  }
}
