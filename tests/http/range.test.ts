import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { z } from 'zod'
import { RetryLater } from '../../backend/base/errors'
import { readConfig } from '../../backend/config/config'
import type { HttpAnswer, HttpRequest, HttpUse, Source } from '../../backend/contract'
import { type Db, openDb } from '../../backend/database/db'
import { createGate, type Gate } from '../../backend/gate/gate'
import { effectiveLimits } from '../../backend/gate/limits'
import { createHttpFactory } from '../../backend/http'
import { type TestDatabase, testDatabase } from '../support/env'
import { collectGarbage } from '../support/garbage'
import { quiet } from '../support/suite'
import { until } from '../support/until'

/* Files are read in parts: of each answer only the asked part is taken, and only where the answer proves which part it has. */

const MB = 1024 * 1024
const FILE = Buffer.from(Array.from({ length: 5_000 }, (_, n) => n % 251))

let env: TestDatabase
let db: Db
let server: Server
let gate: Gate
let use: HttpUse
let answer: (response: ServerResponse, request: IncomingMessage) => void
let asked: IncomingMessage['headers'][]
let ask: (range: { from: number; to: number }, more?: Partial<HttpRequest<never>>) => Promise<HttpAnswer<never>>

beforeAll(async () => {
  env = await testDatabase()
  db = openDb(env.databaseUrl, { name: 'range' })
  server = createServer((request, response) => {
    asked.push(request.headers)
    answer(response, request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await db.close()
  await env.close()
})
beforeEach(() => {
  asked = []
  const url = { template: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
  const source = { name: 'files', settings: {}, apis: { files: { url, limit: { scope: 'ip' } } } } as unknown as Source
  const limits = effectiveLimits([source], {})
  gate = createGate(db, limits)
  use = { class: 'backfill', signal: new AbortController().signal, nextAt: {}, traffic: {}, log: quiet }
  const http = createHttpFactory({ gate, limits, config: readConfig([source], { CONTACT: 'me@example.org' }) })(source, use)('files')
  ask = (range, more) => http.request({ path: '/file', schema: z.never(), range, ...more })
})

/** The part that the request asks for, as a server that keeps to the standard answers. */
function honest(response: ServerResponse, request: IncomingMessage): void {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
  const [from, to] = [Number(first), Math.min(Number(last), FILE.length - 1)]
  if (from >= FILE.length) response.writeHead(416, { 'content-range': `bytes */${FILE.length}` }).end()
  else response.writeHead(206, { 'content-range': `bytes ${from}-${to}/${FILE.length}`, etag: '"1"' }).end(FILE.subarray(from, to + 1))
}
const answers = (status: number, headers: Record<string, string | number>, body: Buffer | string = '') => {
  answer = (response) => void response.writeHead(status, headers).end(body)
}
const failure = (promise: Promise<unknown>): Promise<RetryLater> =>
  promise.then(
    (value) => Promise.reject(new Error(`was answered: ${JSON.stringify(value)}`)),
    (error: unknown) => (error instanceof RetryLater ? error : Promise.reject(error)),
  )

describe('an upstream that answers with the part', () => {
  test('is asked for these bytes, uncompressed, and tells the size of the file', async () => {
    answer = honest
    const { status, bytes, range, etag, data } = await ask({ from: 100, to: 299 })
    expect({ status, range, etag, data }).toEqual({
      status: 206,
      range: { from: 100, to: 299, total: 5_000 },
      etag: '"1"',
      data: undefined,
    })
    expect(FILE.subarray(100, 300).equals(bytes as Buffer)).toBe(true)
    expect(asked[0]).toMatchObject({ range: 'bytes=100-299', 'accept-encoding': 'identity' })
    expect(use.traffic.files).toMatchObject({ requests: 1, bytes: 200 })
  })

  test('gives what there is where the file ends within the part, and nothing after its end', async () => {
    answer = honest
    expect((await ask({ from: 4_990, to: 9_999 })).range).toEqual({ from: 4_990, to: 4_999, total: 5_000 })
    const past = await ask({ from: 5_000, to: 9_999 })
    expect(past).toMatchObject({ status: 416, range: { from: 5_000, to: 4_999, total: 5_000 } })
    expect(past.bytes).toHaveLength(0)
  })

  test('may give fewer bytes, and may not know the size', async () => {
    answers(206, { 'content-range': 'bytes 0-9/*' }, FILE.subarray(0, 10))
    const { bytes, range } = await ask({ from: 0, to: 99 })
    expect(range).toEqual({ from: 0, to: 9, total: null })
    expect(bytes).toHaveLength(10)
  })

  test('a part from the middle of a file that begins like a web page is data; one that is called a web page is none', async () => {
    const body = Buffer.from('<body>of a description')
    answers(206, { 'content-range': 'bytes 7-28/100', 'content-type': 'application/jsonl' }, body)
    expect((await ask({ from: 7, to: 28 })).bytes).toEqual(body)
    answers(206, { 'content-range': 'bytes 7-28/100', 'content-type': 'text/html' }, body)
    expect((await failure(ask({ from: 7, to: 28 }))).kind).toBe('blocked_page')
  })
})

describe('an upstream that ignores the range', () => {
  test('is read up to the end of the part, and only the part is taken', async () => {
    answers(200, { 'content-length': FILE.length }, FILE)
    const { status, bytes, range } = await ask({ from: 1_000, to: 1_999 })
    expect({ status, range }).toEqual({ status: 200, range: { from: 1_000, to: 1_999, total: 5_000 } })
    expect(FILE.subarray(1_000, 2_000).equals(bytes as Buffer)).toBe(true)
  })

  test('shows the end of a file of unknown length by its end', async () => {
    answer = (response) => void Readable.from([FILE.subarray(0, 3_000), FILE.subarray(3_000)]).pipe(response.writeHead(200))
    expect((await ask({ from: 4_000, to: 9_999 })).range).toEqual({ from: 4_000, to: 4_999, total: 5_000 })
    expect((await ask({ from: 6_000, to: 9_999 })).range).toEqual({ from: 6_000, to: 5_999, total: 5_000 })
  })

  test('a connection that closes is not the end of a file whose length nobody tells', async () => {
    answer = ({ socket }) => void socket?.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf of it')
    const { kind, message } = await failure(ask({ from: 0, to: 99 }))
    expect(kind).toBe('range')
    expect(message).toMatch(/ended after 10 bytes and does not say how long the file is/)
  })

  test('one that is lost amid the body is an error', async () => {
    answer = (response) =>
      void response.writeHead(200, { 'content-length': 5_000 }).write(FILE.subarray(0, 1_000), () => response.destroy())
    expect((await failure(ask({ from: 0, to: 4_999 }))).kind).toBe('connection')
  })

  test('200 MB are read in the memory of the part, and what follows it is not read', async () => {
    const chunk = Buffer.alloc(MB / 4, 7)
    const retained = () => {
      collectGarbage()
      return process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed
    }
    let sent = 0
    let peak = 0
    let closed = false
    answer = (response) => {
      response.once('close', () => {
        closed = true
      })
      const body = function* () {
        for (; sent < 400 * MB; sent += chunk.length) {
          if (sent % (16 * MB) === 0) peak = Math.max(peak, retained())
          yield chunk
        }
      }
      Readable.from(body(), { objectMode: false, highWaterMark: MB }).pipe(response.writeHead(200, { 'content-length': 400 * MB }))
    }
    const before = retained()
    const { bytes, range } = await ask({ from: 192 * MB, to: 200 * MB - 1 })
    expect(range).toEqual({ from: 192 * MB, to: 200 * MB - 1, total: 400 * MB })
    expect(bytes).toHaveLength(8 * MB)
    await until(() => closed, { what: 'the end of the connection' })
    expect(sent).toBeLessThan(230 * MB)
    expect((peak - before) / MB).toBeLessThan(64)
    expect(use.traffic.files?.bytes).toBeGreaterThanOrEqual(200 * MB)
  }, 60_000)
})

describe('an answer that does not fit the request is an error, and the next try may succeed', () => {
  const part = FILE.subarray(100, 200)
  test.each<[string, number, Record<string, string | number>, Buffer]>([
    ['another part', 206, { 'content-range': 'bytes 0-99/5000' }, part],
    ['more than was asked for', 206, { 'content-range': 'bytes 100-200/5000' }, FILE.subarray(100, 201)],
    ['a part that ends before it begins', 206, { 'content-range': 'bytes 100-99/5000' }, Buffer.alloc(0)],
    ['a part after the end of the file', 206, { 'content-range': 'bytes 100-199/150' }, part],
    ['no Content-Range', 206, {}, part],
    ['several parts', 206, { 'content-type': 'multipart/byteranges; boundary=x' }, part],
    ['a shorter body', 206, { 'content-range': 'bytes 100-199/5000' }, part.subarray(0, 50)],
    ['a longer body', 206, { 'content-range': 'bytes 100-199/5000' }, FILE.subarray(100, 300)],
    ['a compressed part', 206, { 'content-range': 'bytes 100-199/5000', 'content-encoding': 'gzip' }, part],
    ['a compressed file', 200, { 'content-encoding': 'gzip' }, gzipSync(FILE)],
    ['an end that comes after the part', 416, { 'content-range': 'bytes */5000' }, Buffer.alloc(0)],
    ['a refusal without the size', 416, {}, Buffer.alloc(0)],
    ['a refusal of a gateway', 416, { 'content-type': 'text/html' }, Buffer.from('<html>416</html>')],
  ])('%s', async (_, status, headers, body) => {
    answers(status, headers, body)
    const { kind, message } = await failure(ask({ from: 100, to: 199 }))
    expect(kind).toBe('range')
    expect(message).toMatch(/^files GET \/file: asked for bytes 100 to 199/)
    answer = honest
    expect((await ask({ from: 100, to: 199 })).bytes).toEqual(part)
  })

  test('other statuses mean what they mean without a range', async () => {
    answers(503, {}, 'down')
    expect((await failure(ask({ from: 0, to: 9 }))).message).toMatch(/answered 503: down/)
    answers(404, {}, 'gone')
    await expect(ask({ from: 0, to: 9 })).rejects.toMatchObject({ kind: 'http_404' })
    expect(await ask({ from: 0, to: 9 }, { accept: [404] })).toMatchObject({ status: 404, text: 'gone', range: undefined })
  })

  test('a file that takes too long is a timeout', async () => {
    answer = (response) => void response.writeHead(200, { 'content-length': 5_000 }).write('x')
    expect((await failure(ask({ from: 0, to: 9 }, { timeoutMs: 200 }))).kind).toBe('timeout')
  })

  test('a range that is none, or longer than maxBytes, is an error of the source', async () => {
    for (const range of [
      { from: 5, to: 4 },
      { from: -1, to: 4 },
      { from: 0.5, to: 4 },
      { from: 0, to: 64 * MB },
    ])
      await expect(ask(range)).rejects.toThrow(RangeError)
    expect(asked).toHaveLength(0)
  })
})
