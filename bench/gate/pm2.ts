import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { projectRoot } from '../../backend/base/project-root'
import type { Ground } from '../base/harness'

const run = promisify(execFile)

/** A PM2 of its own, as on another host; it and its apps end with the benchmark. */
export interface Home {
  pm2(...args: string[]): Promise<string>
}

export async function openHome(ground: Ground, env: Record<string, string>): Promise<Home> {
  const folder = await mkdtemp(join(tmpdir(), 'backhaul-bench-pm2-'))
  const root = projectRoot()
  const pm2 = async (...args: string[]) => {
    const { stdout } = await run(join(root, 'node_modules', '.bin', 'pm2'), args, {
      cwd: root,
      env: { ...ground.env, ...env, PM2_HOME: folder },
      timeout: 120_000,
    })
    return stdout
  }
  ground.onEnd(async () => {
    await pm2('kill')
    await rm(folder, { recursive: true, force: true })
  })
  return { pm2 }
}
