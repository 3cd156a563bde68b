import { connect } from 'node:net'
import fc from 'fast-check'
import { isTooDeep } from '../../backend/api/body'
import type { Json } from '../../backend/base/json'
import { makeCursor } from '../../backend/service/base/cursor'
import { sources } from '../../backend/sources'
import { type Served, serve } from '../support/api'
import { type TestEnv, testEnv } from '../support/env'

/* What a stranger may send: refused as a fault of his, cheaply, and in the form of every refusal. */

let env: TestEnv
let open: Served

beforeAll(async () => {
  env = await testEnv()
  open = await serve(env, sources)
}, 120_000)
afterAll(async () => {
  await open?.close()
  await env?.close()
})

describe('addresses', () => {
  test.each([
    '/api/jobs?q=%00',
    '/api/jobs?q=a%00b&limit=5',
    '/api/events?q=%00',
    '/api/schedules/%00',
    '/api/webhooks/%00/deliveries',
    '/api/dead-letters?queue=%00',
    '/api/jobs/%ff',
    '/graphql?query={__typename}&variables={',
    `/graphql?query={__typename}&variables=${'['.repeat(5000)}`,
    '/graphql?query={__typename}&extensions=%00',
    '/graphql?query={__typename}&variables=1',
    '/%zz',
  ])('%.60s is refused as a fault of the request', async (path) => {
    const answer = await open.ask('GET', path)
    expect(answer).toMatchObject({ status: 400, body: { status: 400, detail: expect.stringMatching(/^(?:[A-Z']|variables ).*\.$/) } })
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
  })

  test('a cursor that was tampered with is none', async () => {
    const { id } = (await open.ask('POST', '/api/jobs', { source: 'eve', params: { characterId: 90000077 } })).body
    const tampered = (list: string, filters: Json, ...place: string[]) => makeCursor(list, filters, place)
    const uuid = '00000000-0000-0000-0000-000000000000'
    const first = '2026-01-01T00:00:00.000000Z'
    const jobs = (moment: string, ...more: string[]) =>
      `/api/jobs?cursor=${tampered('jobs', { sort: 'newest', status: [] }, first, '0', moment, uuid, ...more)}`
    for (const path of [
      jobs('9999-99-99T99:99:99.000000Z'),
      jobs('0000-01-01T00:00:00.000000Z'),
      jobs('2026-02-30T00:00:00.000000Z'),
      jobs('999999-01-01T00:00:00.000000Z'),
      jobs(first, uuid),
      `/api/jobs?cursor=${tampered('jobs', { sort: 'newest', status: [] }, first, '7', first, uuid)}`,
      `/api/actions?cursor=${tampered('actions', null, '9999999999999999999')}`,
      `/api/jobs/${id}/rejects?cursor=${tampered(`rejects of ${id}`, null, '9223372036854775808')}`,
      `/api/jobs/${id}/tasks?cursor=${tampered(`tasks of ${id}`, {}, '\0', 'x')}`,
      `/api/jobs/${id}/tasks?cursor=${tampered(`tasks of ${id}`, {}, 'x', '\ud800')}`,
    ])
      expect([path, (await open.ask('GET', path)).body]).toEqual([
        path,
        expect.objectContaining({ status: 400, errors: [{ field: 'cursor', message: expect.any(String) }] }),
      ])
    expect((await open.ask('GET', jobs('2026-02-28T23:59:59.999999Z'))).status).toBe(200)
  })
})

describe('connections', () => {
  /** What a connection answers to this text until it is closed, or until `enough`. */
  const talk = (text: string, enough: (got: string) => boolean = () => false) =>
    new Promise<string>((resolve) => {
      let got = ''
      const socket = connect(Number(new URL(open.url).port), '127.0.0.1', () => socket.write(text))
      socket.on('data', (data) => {
        got += data
        if (enough(got)) socket.destroy()
      })
      // One that is closed while we still write; `close` follows.
      socket.on('error', () => undefined)
      socket.on('close', () => resolve(got))
    })
  const get = 'GET /api/openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'

  test('one that asks without end and reads nothing is closed', async () => {
    const answers = (got: string) => got.split('HTTP/1.1 200').length - 1
    expect(answers(await talk(get.repeat(3), (got) => answers(got) === 3))).toBe(3)
    expect(answers(await talk(get.repeat(200)))).toBeLessThan(10)
  })

  test('one that sends slowly has so long for the head, and so long for it all', () => {
    // Node gives the whole request the longer of the two, whichever was meant for it.
    const { headersTimeout, requestTimeout } = open.api.app.server
    expect([headersTimeout, requestTimeout]).toEqual([15_000, 30_000])
    expect(open.api.app.server.timeout).toBe(60_000)
  })

  test('what is no HTTP is answered in the same form as everything else', async () => {
    for (const [text, status] of [
      ['nonsense\r\n\r\n', 400],
      [`POST /api/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${get}`, 400],
      [`GET /api/me HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ] as const) {
      const [head = '', body = ''] = (await talk(text)).split('\r\n\r\n')
      expect(head).toContain(`HTTP/1.1 ${status} `)
      expect(head).toContain('application/problem+json')
      expect(JSON.parse(body)).toMatchObject({ status })
    }
  })
})

describe('bodies', () => {
  test.each([
    ['1 MB of nesting', '['.repeat(1_000_000), 413],
    ['256 kB of nesting', '['.repeat(250_000), 400],
    ['nesting in a field', `{"source":"eve","params":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`, 400],
    ['half a document', '{"source":', 400],
    ['a changed prototype', '{"source":"eve","params":{},"__proto__":{"x":1}}', 400],
    ['NUL', '{"source":"eve","params":{"characterId":"1\\u0000"}}', 400],
    ['half a surrogate pair', '{"source":"eve","params":{"characterId":"\\ud800"}}', 400],
    ['nothing', '', 400],
    ['a list', '[]', 400],
  ])('%s is refused, cheaply and without a stack', async (_, body, status) => {
    const began = performance.now()
    const answer = await open.ask('POST', '/api/jobs', body)
    expect(performance.now() - began).toBeLessThan(2000)
    expect(answer).toMatchObject({ status, body: { status, detail: expect.stringMatching(/^[A-Z].*\.$/) } })
    expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|\.ts:|at async/)
  })

  test('depth is what a parser would build', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.integer({ min: 1, max: 8 }), (text, most) => {
        expect(isTooDeep(text, most)).toBe(depthOf(JSON.parse(text)) > most)
      }),
    )
  })
})

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}
