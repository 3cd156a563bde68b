import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { currentRun } from './run'
import { until } from './until'

const MAX_WAIT_MS = 180_000

/**
 * The first test file of the run that asks makes it; the others wait for it.
 * @param what goes into the errors
 * @throws for all of them, when it cannot be made
 */
export async function oncePerRun<T>(name: string, what: string, make: () => Promise<T>): Promise<T> {
  const path = join(currentRun(), `${name}.json`)
  if (mkdirSync(join(currentRun(), name), { recursive: true }) !== undefined) {
    const answer = await make().then(
      (made) => ({ made }),
      (error: Error) => ({ error: error.message }),
    )
    writeFileSync(`${path}.part`, JSON.stringify(answer))
    renameSync(`${path}.part`, path)
  }
  await until(() => existsSync(path), { timeoutMs: MAX_WAIT_MS, what })
  const { made, error } = JSON.parse(readFileSync(path, 'utf8')) as { made: T; error?: string }
  if (error !== undefined) throw new Error(`${what} failed: ${error}`)
  return made
}
