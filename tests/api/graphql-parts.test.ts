import { connect } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import fastify from 'fastify'
import { GraphQLError, Kind, parseValue } from 'graphql'
import { graphql } from '../../backend/api/graphql'
import type { JobsUpdate } from '../../backend/api/graphql/context'
import { createMask } from '../../backend/api/graphql/errors'
import { latest, type Sink } from '../../backend/api/graphql/latest'
import { scalars } from '../../backend/api/graphql/scalars'
import { merge as mergeJobs } from '../../backend/api/graphql/subscriptions'
import type { Listener } from '../../backend/api/live'
import { Refused } from '../../backend/base/errors'
import { quiet } from '../support/suite'
import { until } from '../support/until'

describe('updates at the pace of the reader', () => {
  function followed<T>(merge?: (waiting: T, next: T) => T) {
    let sink: Sink<T> | undefined
    let stops = 0
    const updates = latest<T>((to) => {
      sink = to
      return () => {
        stops++
      }
    }, merge)
    return { updates, sink: sink as unknown as Sink<T>, stops: () => stops }
  }

  test('what came before it was taken is one value, the newest', async () => {
    const { updates, sink } = followed<number>()
    for (let value = 0; value < 100_000; value++) sink.next(value)
    expect(await updates.next()).toEqual({ done: false, value: 99_999 })
    const next = updates.next()
    sink.next(1)
    expect(await next).toEqual({ done: false, value: 1 })
  })

  test('what is merged is handed on whole', async () => {
    const { updates, sink } = followed<string[]>((waiting, next) => [...waiting, ...next])
    sink.next(['a'])
    sink.next(['b'])
    expect(await updates.next()).toEqual({ done: false, value: ['a', 'b'] })
  })

  test('jobs that wait for a reader are bounded: the newest, each as it is now, with the last counts', () => {
    const day = (n: number) => new Date(Date.UTC(2024, 0, n)).toISOString()
    const updates = (n: number, status: string) =>
      ({ items: [{ id: `job ${n}`, createdAt: day(n), status }], counts: { queued: n } }) as unknown as JobsUpdate
    const merged = Array.from({ length: 1000 }, (_, n) => updates(n, 'queued')).reduce(mergeJobs)
    const { items, counts } = mergeJobs(merged, updates(999, 'running'))
    expect(items).toHaveLength(400)
    expect(items.map((job) => job.createdAt).sort()).toEqual(Array.from({ length: 400 }, (_, n) => day(600 + n)))
    expect(items.filter(({ id }) => id === 'job 999')).toEqual([expect.objectContaining({ status: 'running' })])
    expect(counts).toEqual({ queued: 999 })
  })

  test('the last value comes before the end, and the updates are stopped once', async () => {
    const { updates, sink, stops } = followed<number>()
    sink.next(7)
    sink.end()
    sink.next(8)
    expect([await updates.next(), await updates.next(), await updates.next()]).toEqual([
      { done: false, value: 7 },
      { done: true, value: undefined },
      { done: true, value: undefined },
    ])
    await updates.return?.()
    expect(stops()).toBe(1)
  })

  test('a reader that leaves while he waits is let go', async () => {
    const { updates, stops } = followed<number>()
    const waiting = updates.next()
    await updates.return?.()
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(stops()).toBe(1)
  })

  test('a failure reaches the reader once, and updates that end at once are stopped', async () => {
    const { updates, sink } = followed<number>()
    sink.fail(new Error('gone'))
    await expect(updates.next()).rejects.toThrow('gone')
    expect(await updates.next()).toMatchObject({ done: true })
    let stops = 0
    latest((to) => {
      to.end()
      return () => {
        stops++
      }
    })
    expect(stops).toBe(1)
  })
})

describe('scalars', () => {
  const { BigInt: Big, DateTime, JSON: Json } = scalars

  test('a BigInt keeps every digit both ways', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const sent = Big.serialize(value)
        expect(typeof sent).toBe(Number.isSafeInteger(Number(value)) ? 'number' : 'string')
        expect(Big.parseValue(sent)).toBe(value)
        expect(Big.parseLiteral({ kind: Kind.INT, value: String(value) }, undefined)).toBe(value)
      }),
    )
    for (const wrong of [1.5, 2 ** 53, '1e3', '', 'x', null, true, {}]) expect(() => Big.parseValue(wrong)).toThrow(GraphQLError)
  })

  test('a DateTime is a moment in UTC or refused', () => {
    expect(DateTime.serialize(new Date(0))).toBe('1970-01-01T00:00:00.000Z')
    expect(DateTime.parseValue('2026-07-17T11:30:00+02:00').toISOString()).toBe('2026-07-17T09:30:00.000Z')
    for (const wrong of ['2026-07-17', 'now', '2026-13-01T00:00:00Z', 5, null])
      expect(() => DateTime.parseValue(wrong)).toThrow(/must be a moment/)
  })

  test('JSON takes any value, of bounded depth', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        expect(Json.parseValue(value)).toBe(value)
      }),
    )
    expect(Json.parseLiteral(parseValue('{a: [1, 2.5, "x", null, true, {b: $v}], __proto__: 1}'), { v: 9 })).toEqual(
      Object.fromEntries([
        ['a', [1, 2.5, 'x', null, true, { b: 9 }]],
        ['__proto__', 1],
      ]),
    )
    const deep = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels))
    expect(() => Json.parseValue(deep(100_000))).toThrow(/deeper than 32/)
    expect(Json.parseValue(deep(30))).toEqual(deep(30))
    expect(() => Json.parseLiteral(parseValue('9007199254740993'), {})).toThrow(/send it as a string/)
  })
})

test('refusals keep their words, anything else says nothing', () => {
  const logged: unknown[] = []
  const mask = createMask({ ...quiet, error: (...all) => void logged.push(all) })
  const thrown = (original: Error) => mask(new GraphQLError(original.message, { originalError: original, path: ['job'] }))
  expect(thrown(new Refused('state', 'it is paused', 'id', 'paused'))).toMatchObject({
    message: 'it is paused',
    path: ['job'],
    extensions: { code: 'STATE', field: 'id', state: 'paused' },
  })
  expect(thrown(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }))).toMatchObject({ extensions: { code: 'SETUP' } })
  expect(logged).toHaveLength(0)
  const masked = thrown(new Error('secret of pg_shadow'))
  expect(masked).toMatchObject({ message: 'Internal error', path: ['job'], extensions: { code: 'INTERNAL' } })
  expect(JSON.stringify(masked)).not.toContain('secret')
  expect(JSON.stringify(logged)).toContain('secret')
})

test('a subscriber that does not read is not written for', async () => {
  const app = fastify()
  app.decorateRequest('visitor')
  app.addHook('onRequest', async (request) => {
    request.visitor = { who: 'local', canWrite: false }
  })
  const large = 'x'.repeat(10_000)
  let written = 0
  let listener: Listener | undefined
  const live = {
    watchers: 0,
    watchJobs(_: unknown, __: unknown, hears: Listener) {
      listener = hears
      return { stop() {} }
    },
  }
  const service = { log: quiet, sources: [] }
  graphql(app, { service, live } as never)
  const url = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  const query = 'subscription { jobs { items { id params } counts { queued } } }'
  const socket = connect(Number(url.port), url.hostname)
  socket.pause()
  const head = `GET /graphql?query=${encodeURIComponent(query)} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n`
  socket.write(head)
  await until(() => listener)
  const job = {
    id: 'a',
    get params() {
      written++
      return large
    },
  }
  // 200 MB, were they all written.
  for (let n = 0; n < 20_000; n++) {
    listener?.({ event: 'jobs', data: { items: [job], counts: { queued: n } }, frame: '' })
    await setImmediate()
  }
  expect(written).toBeGreaterThan(1)
  expect(written).toBeLessThan(3000)
  socket.destroy()
  await app.close()
})
