import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../backend/sandbox/server'
import { sum } from './figures'
import type { Ground } from './harness'

/** The sandbox, with a note of how long each of its answers took. */
export interface Upstream {
  sandbox: Sandbox
  /** For the processes of the suite: its addresses and its limits. */
  env: Record<string, string>
  /** Answers of an API since the last `forget`, in the order they were sent, ms from arrival to the last byte. */
  answers(api: string): number[]
  /** What was spent waiting for it in all, ms. */
  spentMs(): number
  /** The longest this process kept an arrival waiting for its time stamp, ms. */
  worstDelayMs(): number
  forget(): void
}

const LINE = /^\S+ ([a-z]+)\/.* (\d+) ms$/

/** Starts the sandbox in this process; it ends with the benchmark. */
export async function openUpstream(ground: Ground, options: SandboxOptions, limits?: Record<string, object>): Promise<Upstream> {
  const seen: { api: string; ms: number }[] = []
  const log = (line: string) => {
    const [, api, ms] = LINE.exec(line) ?? []
    if (api) seen.push({ api, ms: Number(ms) })
  }
  const sandbox = await startSandbox({ ...options, log })
  ground.onEnd(() => sandbox.close())
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  return {
    sandbox,
    env: { ...sandbox.urls, LIMITS: JSON.stringify({ ...sandbox.limits, ...limits }) },
    answers: (api) => seen.filter((one) => one.api === api).map((one) => one.ms),
    spentMs: () => sum(seen.map((one) => one.ms)),
    worstDelayMs: () => delay.max / 1e6,
    forget() {
      seen.length = 0
      delay.reset()
    },
  }
}
