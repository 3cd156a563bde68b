import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { Refused } from '../base/errors'
import { projectRoot } from '../base/project-root'
import type { Settings, Source } from '../contract'
import { lineOf, readEnvFile } from './env-file'
import { OWN } from './own'

/*
 * PM2 writes the environment of its apps to disk (`pm2 save`) and prints it (`pm2 env`). What is secret in it goes into a file that only
 * its owner may read, and the apps get the path of that file.
 */

const NAME = /^backhaul-.*\.env$/

/** The settings in the file that SECRETS_FILE names; none where it is not set. @throws {Refused} `setup` when it cannot be read */
export function readSecretsFile(path: string | undefined): Record<string, string> {
  if (!path) return {}
  const full = isAbsolute(path) ? path : join(projectRoot(), path)
  if (!existsSync(full)) throw new Refused('setup', `SECRETS_FILE names ${full}, and there is no such file.`, 'SECRETS_FILE')
  return readEnvFile(full)
}

/** The names of secret settings that an environment has. */
export function secretsIn(sources: readonly Pick<Source, 'settings'>[], env: NodeJS.ProcessEnv): string[] {
  const settings: Settings = Object.assign({}, OWN, ...sources.map((source) => source.settings))
  return Object.keys(settings).filter((name) => settings[name]?.secret && env[name] !== undefined)
}

/**
 * Moves the secret settings of an environment into a file of a folder; one with the same contents is used again.
 * @param env loses them
 * @param folder is made where it is missing
 * @returns the path of the file, with what SECRETS_FILE named before as well; absent: nothing is secret in it
 */
export function moveSecrets(sources: readonly Pick<Source, 'settings'>[], env: NodeJS.ProcessEnv, folder: string): string | undefined {
  const names = secretsIn(sources, env)
  if (names.length === 0) return env.SECRETS_FILE || undefined
  const secrets = { ...readSecretsFile(env.SECRETS_FILE), ...Object.fromEntries(names.map((name) => [name, env[name] as string])) }
  for (const name of names) delete env[name]
  mkdirSync(folder, { recursive: true })
  const there = readdirSync(folder).filter((name) => NAME.test(name))
  const same = there.find((name) => isDeepStrictEqual(readEnvFile(join(folder, name)), secrets))
  const path = join(folder, same ?? `backhaul-${randomUUID()}.env`)
  if (!same)
    writeFileSync(
      path,
      Object.entries(secrets)
        .map(([name, value]) => `${lineOf(name, value)}\n`)
        .join(''),
      { mode: 0o600 },
    )
  return path
}
