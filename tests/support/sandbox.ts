import { type Sandbox, type SandboxOptions, startSandbox } from '../../backend/sandbox/server'

/** A client with manners; what a test leaves out is what it is about. */
export const MANNERS = {
  'user-agent': 'backhaul-tests/1 (tests@example.org)',
  'accept-encoding': 'gzip',
  'x-compatibility-date': '2026-07-17',
}

export interface Visit {
  status: number
  headers: Headers
  text: string
  /** The body as JSON. */
  json: () => ReturnType<typeof JSON.parse>
}

/** One request; redirects are not followed. */
export async function visit(url: string, init: RequestInit): Promise<Visit> {
  const answer = await fetch(url, { redirect: 'manual', ...init })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, text, json: () => JSON.parse(text) }
}

/** A sandbox whose time stands still until it is moved. */
export async function stillSandbox(options: SandboxOptions = {}): Promise<{
  sandbox: Sandbox
  pass(ms: number): void
  zkb(path: string, headers?: Record<string, string>): Promise<Visit>
  esi(path: string, body?: unknown, headers?: Record<string, string>): Promise<Visit>
  get(url: string, headers?: Record<string, string>): Promise<Visit>
}> {
  let now = Date.UTC(2026, 10, 21, 15)
  const sandbox = await startSandbox({ scale: 500, clock: () => now, ...options })
  return {
    sandbox,
    pass: (ms) => {
      now += ms
    },
    get: (url, headers = MANNERS) => visit(url, { headers }),
    zkb: (path, headers = MANNERS) => visit(sandbox.urls.ZKILLBOARD_URL + path, { headers }),
    esi: (path, body, headers = MANNERS) =>
      visit(sandbox.urls.ESI_URL + path, body === undefined ? { headers } : { method: 'POST', body: JSON.stringify(body), headers }),
  }
}
