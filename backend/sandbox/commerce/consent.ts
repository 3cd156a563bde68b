import { type Ask, json, type Reply } from '../base/exchange'
import type { SandboxApi, SandboxSettings } from '../base/source'

/** A parameter of the address; absent: the empty text. */
export type Parameter = (name: string) => string

/** A page of a platform where somebody allows an app: here at once, as the one who is set to consent. */
export abstract class Consent implements SandboxApi {
  abstract readonly name: string
  abstract readonly prefix: string
  abstract readonly env: string
  readonly limits = {}
  /** The path of the page. */
  protected abstract readonly page: string
  /** The fault by which they refuse. */
  protected abstract readonly refusal: string

  constructor(private readonly settings: SandboxSettings) {}

  /** A sentence for the first parameter that does not fit. */
  protected abstract wrongWith(of: Parameter): string | undefined
  /** Where the browser is sent. */
  protected abstract target(of: Parameter, isRefused: boolean): URL
  abstract reset(): void

  route({ path }: Ask): string {
    return path === this.page ? (path.split('/').at(-1) as string) : 'unknown'
  }

  police(): undefined {
    return undefined
  }

  answer(ask: Ask): Reply {
    if (ask.path !== this.page) return json({ error: 'Not found' }, 404)
    const query = new URLSearchParams(ask.query)
    const of: Parameter = (name) => query.get(name) ?? ''
    const wrong = this.wrongWith(of)
    if (wrong !== undefined) return json({ error: 'invalid_request', error_description: wrong }, 400)
    const isRefused = this.settings.context.faults.take(this.refusal, this.name, ask) !== undefined
    return { status: 302, headers: { location: this.target(of, isRefused).href } }
  }
}
