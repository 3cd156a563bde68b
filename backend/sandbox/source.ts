import type { LimitOverride } from '../config/config'
import type { SandboxContext } from './context'
import type { Answer, Ask } from './exchange'

/*
 * What a source brings to the sandbox. The server does the rest: arrival log, violations, faults, gzip, control routes.
 */

export interface SandboxApi {
  name: string
  /** Where it is mounted, and the variable that points the product there. */
  prefix: string
  /** Absent where the product learns the address from other answers. */
  env?: string
  /** What the product has to be told to keep to the scaled limits, by name in `LIMITS`. */
  limits: Record<string, LimitOverride>
  /** The host's own address, once it listens. */
  readonly host?: string
  /** Said of every arrival as its `subject`. */
  subject?(ask: Ask): string
  /** A short name of the route for the arrival log. */
  route(ask: Ask): string
  /** Judges the arrival before anything else happens to it: notes violations, and refuses where the upstream would. */
  police(ask: Ask): Answer | undefined
  answer(ask: Ask): Answer | Promise<Answer>
  /** Forgets counters and caches. */
  reset(): void
}

export interface SandboxSource {
  name: string
  apis: SandboxApi[]
  /** APIs that get a port of their own each. */
  hosts?: SandboxApi[]
  /** Told where the hosts listen, as `127.0.0.1:4301` in their order, before anybody is answered. */
  located?(addresses: string[]): void
  /** Its own faults, each with a sentence. */
  faults: Record<string, string>
  /** Further control routes, as `METHOD /path` under `/_sandbox`. */
  control: Record<string, (input: Record<string, unknown>) => unknown>
  reset(): void
}

export interface SandboxSettings {
  seed: number
  /** Divides every period of the limits: 20 makes ten seconds half a second. */
  speed: number
  /** No limits and no violations of them. */
  open: boolean
  context: SandboxContext
}
