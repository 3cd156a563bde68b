import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { json } from '../../backend/sandbox/base/exchange'
import { whole } from '../../backend/sandbox/base/options'
import { defineSandboxSource, type SandboxApi } from '../../backend/sandbox/base/source'
import { SANDBOX_SOURCES } from '../../backend/sandbox/registry'
import { openSandbox, optionsOf, startSandbox } from '../../backend/sandbox/server'
import { MANNERS } from '../support/sandbox'

/** What a new source needs: an API, its options, its faults, its controls and its handle. */
const toy = defineSandboxSource({
  options: { toys: whole(1).default(3).meta({ value: 'number', description: 'toys in the shop' }) },
  faults: { broken: 'The shop answers 500.' },
  open({ context }, { toys }) {
    let sold = 0
    const shop: SandboxApi & { env: 'SHOP_URL' } = {
      name: 'shop',
      prefix: '/shop',
      env: 'SHOP_URL',
      limits: { shop: { spacingMs: 10 } },
      route: () => 'toys',
      police: () => undefined,
      answer: (ask) => (context.faults.take('broken', 'shop', ask) ? json({}, 500) : json({ toys: toys - sold })),
      reset: () => undefined,
    }
    const till = {
      name: 'till',
      prefix: '/till',
      env: 'TILL_URL' as const,
      connect: (_request: unknown, connection: Duplex) => connection.end('HTTP/1.1 101 Switching Protocols\r\n\r\nsold one'),
    }
    return {
      apis: [shop],
      sockets: [till],
      control: { 'POST /sell': { about: 'sells one', run: () => ({ sold: ++sold }) } },
      handle: { sold: () => sold },
      reset: () => {
        sold = 0
      },
    }
  },
})

test('a source is a folder and a line: the server serves, breaks, steers and resets it', async () => {
  const sandbox = await openSandbox({ toy }, { toys: 5 })
  try {
    const left = async () => {
      const answer = await fetch(`${sandbox.urls.SHOP_URL}/toys`, { headers: MANNERS })
      return [answer.status, ((await answer.json()) as { toys?: number }).toys]
    }
    expect(sandbox.limits).toEqual({ shop: { spacingMs: 10 } })
    expect(await (await fetch(`${sandbox.url}/_sandbox/toy/sell`, { method: 'POST' })).json()).toEqual({ sold: 1 })
    expect([await left(), sandbox.toy.sold()]).toEqual([[200, 4], 1])
    sandbox.fault({ name: 'broken', times: 1 })
    expect(await left()).toEqual([500, undefined])
    sandbox.reset()
    expect([await left(), sandbox.toy.sold()]).toEqual([[200, 5], 0])
    expect(await (await fetch(`${sandbox.url}/_sandbox`)).text()).toContain('POST /_sandbox/toy/sell              sells one\n')
  } finally {
    await sandbox.close()
  }
})

test('a source may take long-lived connections', async () => {
  const sandbox = await openSandbox({ toy }, {})
  try {
    const { host, port, pathname } = new URL(sandbox.urls.TILL_URL)
    const upgrade = async (path: string) => {
      const client = connect(Number(port), '127.0.0.1')
      client.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`)
      return await text(client)
    }
    expect(sandbox.urls.TILL_URL).toBe(`${sandbox.url.replace('http', 'ws')}/till`)
    expect(await upgrade(`${pathname}/events`)).toMatch(/^HTTP\/1\.1 101 .*sold one$/s)
    expect(await upgrade('/elsewhere')).toMatch(/^HTTP\/1\.1 404 /)
    expect(sandbox.requests('till')).toEqual([expect.objectContaining({ route: 'connect', path: '/events', method: 'GET' })])
  } finally {
    await sandbox.close()
  }
})

test('an option has one source, a description, and a value unless it is a switch', () => {
  expect(() => optionsOf({ toy, other: toy })).toThrow('the option toys of other exists already: call it something else')
  for (const [name, option] of Object.entries(optionsOf(SANDBOX_SOURCES)) as [string, ReturnType<typeof whole>][]) {
    const { description, value } = option.meta() ?? {}
    expect({ name, description, value }).toEqual({
      name,
      description: expect.any(String),
      value: typeof option.safeParse(undefined).data === 'boolean' ? undefined : expect.any(String),
    })
  }
})

test('options that are none, or outside their bounds, are refused before anything listens', async () => {
  await expect(startSandbox({ scale: 0 })).rejects.toThrow('must be a whole number from 1 on')
  await expect(startSandbox({ sclae: 5 } as object)).rejects.toThrow('sclae')
})
