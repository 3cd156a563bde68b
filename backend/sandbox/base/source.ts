import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { z } from 'zod'
import type { LimitOverride } from '../../config/own'
import type { SandboxContext } from './context'
import type { Ask, Reply } from './exchange'

/*
 * What a source brings to the sandbox. The server does the rest: arrival log, violations, common faults, gzip, control routes.
 */

export interface SandboxApi {
  name: string
  /** Where it is mounted. */
  prefix: string
  /** The variable that points the product there; absent where the product learns the address from other answers. */
  env?: string
  /** What follows the prefix in that variable, where the product fills it in: `/{shop}`. */
  fill?: string
  /** Credentials that it takes, by the variable that holds them. */
  credentials?: Record<string, string>
  /** Limits to set in the product so that it keeps to the scaled ones, by name in `LIMITS`. */
  limits: Record<string, LimitOverride>
  /** The host's own address, once it listens. */
  readonly host?: string
  /** What faults match and the arrival log shows, where that is not the path alone. */
  subject?(ask: Ask): string
  /** A short name of the route for the arrival log. */
  route(ask: Ask): string
  /** Judges the arrival before anything else happens to it: notes violations, and refuses where the upstream would. */
  police(ask: Ask): Reply | undefined
  answer(ask: Ask): Reply | Promise<Reply>
  /** Forgets counters and caches. */
  reset(): void
}

/** A long-lived connection, such as a websocket: the source speaks its protocol, the server notes arrivals and ends. */
export interface SandboxSocket {
  name: string
  /** Where it is mounted. */
  prefix: string
  /** The variable that points the product there, as a `ws:` address. */
  env?: string
  /** A client asks for the upgrade; `head` is what it has sent after that already. */
  connect(request: IncomingMessage, connection: Duplex, head: Buffer): void
}

export interface ControlRoute {
  /** Shown by `GET /_sandbox`. */
  about: string
  /** @param input the query and the JSON body, the body first; @throws {BadControl} */
  run(input: Record<string, unknown>): unknown
}

/** A source's part of one running sandbox. */
export interface OpenSource {
  apis: SandboxApi[]
  /** APIs that get a port of their own each. */
  hosts?: SandboxApi[]
  sockets?: SandboxSocket[]
  /** Called with the addresses where the hosts listen, as `127.0.0.1:4301` in their order, before the first request is answered. */
  located?(addresses: string[]): void
  /** Control routes, as `METHOD /path` under `/_sandbox/<source>`. */
  control: Record<string, ControlRoute>
  /** What tests get as `sandbox.<source>`. */
  handle: object
  /** The world as at the start. */
  reset(): void
}

export interface SandboxSource {
  /** Its options: zod by name, each with a description, and a default unless it may be absent. `yarn sandbox` makes flags of them. */
  options: z.ZodRawShape
  /** Its own faults, each with a sentence. */
  faults: Record<string, string>
  /** @param options the parsed ones */
  open(settings: SandboxSettings, options: never): OpenSource
}

/** Keeps the types of a source's options and of what it opens. */
export const defineSandboxSource = <Shape extends z.ZodRawShape, Open extends OpenSource>(source: {
  options: Shape
  faults: Record<string, string>
  open(settings: SandboxSettings, options: z.output<z.ZodObject<Shape>>): Open
}) => source

export interface SandboxSettings {
  seed: number
  /** Divides every period of the limits: 20 makes ten seconds half a second. */
  speed: number
  /** No limits and no violations of them. */
  open: boolean
  /** With what clients stumble over. */
  oddities: boolean
  /** Where the world's history ends, ms since 1970. */
  end: number
  context: SandboxContext
}
