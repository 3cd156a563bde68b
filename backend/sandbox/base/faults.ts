import type { Ask } from './exchange'
import { BadControl } from './input'
import { dice } from './random'

/** A fault as asked for; everything beyond `name` is optional. */
export interface FaultRequest {
  name: string
  /** How often it happens; by default until it is removed. */
  times?: number
  /** 0..1; 1 by default. */
  probability?: number
  /** Regular expression on the path after the API's prefix, where queries matter with the query: `page/3/`. */
  match?: string
  /** Only at this host of the API: `127.0.0.1:4301`. */
  host?: string
  /** Only for this API. */
  api?: string
  /** How many matching requests pass before it starts. */
  after?: number
  /** Once for every path: the same question asked again is answered well. */
  oncePerPath?: boolean
  /** Settings of the fault itself: `ms`, `count`, `status`… */
  [option: string]: unknown
}
export interface ActiveFault extends FaultRequest {
  number: number
  happened: number
}

interface Entry {
  fault: ActiveFault
  pattern: RegExp | undefined
  passed: number
  paths: Set<string>
}

/** Faults that hold for every API, each with a sentence. */
export const COMMON_FAULTS: Record<string, string> = {
  slow: 'Delays the answer by `ms` (37,000 by default).',
  hang: 'Never answers; the connection stays open until the client leaves.',
  'reset-connection': 'Cuts the connection without an answer.',
  'truncated-json': 'Sends half of the body under the full Content-Length, then cuts the connection.',
  'half-json': 'Sends half of the body as if it were whole.',
  'not-json': 'Sends plain text under a JSON content type.',
  status: 'Answers `status` (500) with `body` and `headers`.',
}

const subjectOf = (ask: Ask): string => `${ask.host ?? ''}${ask.subject ?? ask.path}`

function patternOf(match: string): RegExp {
  try {
    return new RegExp(match)
  } catch (error) {
    throw new BadControl((error as SyntaxError).message)
  }
}

/** The active faults. */
export class Faults {
  private entries: Entry[] = []
  private numbers = 0
  private readonly roll: () => number
  constructor(seed: number) {
    this.roll = dice(seed)
  }

  /** @throws {BadControl} when `match` is no regular expression */
  add(request: FaultRequest): ActiveFault {
    const pattern = request.match === undefined ? undefined : patternOf(request.match)
    const fault: ActiveFault = { ...request, number: ++this.numbers, happened: 0 }
    this.entries.push({ fault, pattern, passed: 0, paths: new Set() })
    return { ...fault }
  }

  /** The fault of this name if it is to happen to this request, counted as happened. */
  take(name: string, api: string, ask: Ask): ActiveFault | undefined {
    const entry = this.entries.find((candidate) => candidate.fault.name === name && this.applies(candidate, api, ask))
    if (!entry) return undefined
    entry.fault.happened++
    if (entry.fault.oncePerPath) entry.paths.add(subjectOf(ask))
    return entry.fault
  }

  private applies(entry: Entry, api: string, ask: Ask): boolean {
    const { fault } = entry
    if (fault.times !== undefined && fault.happened >= fault.times) return false
    if (fault.api !== undefined && fault.api !== api) return false
    if (fault.host !== undefined && fault.host !== ask.host) return false
    if (entry.pattern && !entry.pattern.test(subjectOf(ask))) return false
    if (entry.paths.has(subjectOf(ask))) return false
    if (fault.after !== undefined && entry.passed++ < fault.after) return false
    return fault.probability === undefined || this.roll() < fault.probability
  }

  list(): ActiveFault[] {
    return this.entries.map(({ fault }) => ({ ...fault }))
  }

  /** Removes those of a name, or all. */
  clear(name?: string): void {
    this.entries = name === undefined ? [] : this.entries.filter(({ fault }) => fault.name !== name)
  }
}
