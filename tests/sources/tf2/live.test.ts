import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { events } from '../../../backend/sources/tf2/feed'
import { buyId } from '../../../backend/sources/tf2/ids'
import { following, live } from '../../../backend/sources/tf2/live'
import { quiet } from '../../support/suite'
import { documentFor } from '../../support/tf2'
import { type Tf2World, tf2World } from '../../support/tf2-world'
import { until } from '../../support/until'

/* Events of the websocket, from the frame to the row, beside a backfill. */

const NAME = 'Strange Bat'
const EVENT = '66aea93ed95b58671208f620'
const update = (payload: object = documentFor(), id = EVENT) => ({ id, event: 'listing-update', payload })

describe('a frame', () => {
  const read = (frame: unknown) => events.read(frame as never)

  test('is a list of events, one alone, or wrapped', () => {
    for (const frame of [
      [update()],
      update(),
      { data: [update()], timestamp: 'x', messageId: '1', source: 'websocket' },
      { data: update() },
    ])
      expect(read(frame)).toMatchObject({ items: [{ moment: { at: 1722722622, event: EVENT } }], rejected: [] })
    expect(read([])).toEqual({ items: [], rejected: [] })
  })

  test('may be about other apps and about the connection, which is no fault', () => {
    const others = [
      update({ ...documentFor(), appid: 730, id: '730_1' }),
      { id: EVENT, event: 'client-limit-exceeded', payload: { message: 'x' } },
      { id: EVENT, event: 'something-new' },
    ]
    expect(read(others)).toEqual({ items: [], rejected: [] })
  })

  test('is judged event by event', () => {
    const frame = [
      update(),
      update({ ...documentFor(), steamid: 'x' }),
      update(documentFor(), 'no object id'),
      { id: EVENT, event: 'listing-update' },
      'text',
      { id: EVENT, event: 'listing-delete', payload: { id: '440_1' } },
    ]
    const { items, rejected } = read(frame)
    expect(items).toHaveLength(2)
    expect(items[1]).toMatchObject({ id: '440_1', moment: { event: EVENT } })
    expect(rejected.map((one) => one.reason)).toEqual(['schema', 'schema', 'schema', 'schema'])
  })

  test.each([[{}], ['text'], [null], [{ data: 'x' }]])('%j is none', (frame) => {
    expect(() => read(frame)).toThrow('The message is not a frame of events')
  })
})

describe('beside a backfill', () => {
  let world: Tf2World
  const abort = new AbortController()
  let listening: Promise<void>
  beforeAll(async () => {
    world = await tf2World()
    await world.suite.worker({ app: 'worker-listing-events' })
    listening = live.run({
      settings: { BACKPACK_TF_WS_URL: world.sandbox.urls.BACKPACK_TF_WS_URL },
      userAgent: 'tests',
      log: quiet,
      signal: abort.signal,
      publish: async (queue, body) => {
        await world.suite.broker.publish([{ queue, body: Buffer.from(body) }])
      },
    })
    await until(() => world.sandbox.tf2.socket.listening === 1, { what: 'the connection' })
  }, 120_000)
  afterAll(async () => {
    abort.abort()
    await listening
    await world?.close()
  })
  beforeEach(() => world.fresh())

  const rowOf = async (id: string) =>
    (
      await world.suite.db.query<{ details: string; is_deleted: boolean }>('select details, is_deleted from tf2.listings where id = $1', [
        id,
      ])
    )[0]

  test('listings that come, change and go are rows and events', async () => {
    const { id, steamid } = world.market.add(NAME, 'buy')
    await until(() => rowOf(id), { what: 'the row' })
    expect(id).toBe(buyId(steamid, NAME))
    world.market.edit(id, { details: 'changed' })
    await until(async () => (await rowOf(id))?.details === 'changed', { what: 'the change' })
    world.market.remove(id)
    await until(async () => (await rowOf(id))?.is_deleted === true, { what: 'the end' })
    expect(await world.events()).toEqual({ 'tf2.listing-update': [id, id], 'tf2.listing-delete': [id] })
  })

  test('a connection that breaks is made again', async () => {
    world.sandbox.tf2.socket.drop()
    await until(() => world.sandbox.tf2.socket.listening === 0, { what: 'the end of the connection' })
    await until(() => world.sandbox.tf2.socket.listening === 1, { what: 'the next connection' })
    const { id } = world.market.add(NAME, 'sell')
    await until(() => rowOf(id), { what: 'the row' })
  })

  test('a connection that falls silent is made again', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    let connections = 0
    server.on('connection', () => connections++)
    const stop = new AbortController()
    const warned: string[] = []
    const { port } = server.address() as AddressInfo
    const running = following(100).run({
      settings: { BACKPACK_TF_WS_URL: `ws://127.0.0.1:${port}` },
      userAgent: 'tests',
      log: { ...quiet, warn: (message) => warned.push(message) },
      signal: stop.signal,
      publish: async () => undefined,
    })
    await until(() => connections === 2, { what: 'the second connection' })
    expect(warned[0]).toBe('Connection to backpack.tf lost: nothing came for 0.1 s; will connect again')
    stop.abort()
    await running
    server.close()
  })

  test('while the broker confirms nothing, the socket is not read; once it does, every frame is published', async () => {
    const stop = new AbortController()
    const waiting: (() => void)[] = []
    let isBlocked = true
    let published = 0
    const running = live.run({
      settings: { BACKPACK_TF_WS_URL: world.sandbox.urls.BACKPACK_TF_WS_URL },
      userAgent: 'tests',
      log: quiet,
      signal: stop.signal,
      publish: () => {
        published++
        return isBlocked ? new Promise<void>((resolve) => waiting.push(resolve)) : Promise.resolve()
      },
    })
    await until(() => world.sandbox.tf2.socket.listening === 2, { what: 'the second connection' })
    // Larger together than what sockets hold by themselves.
    const frame = JSON.stringify([{ id: EVENT, event: 'something-new', payload: { text: 'x'.repeat(100_000) } }])
    for (let n = 0; n < 400; n++) world.sandbox.tf2.socket.send(frame)
    await until(() => published >= 200, { what: 'the first frames', timeoutMs: 30_000 })
    for (let n = 0; n < 50; n++) await new Promise(setImmediate)
    expect(published).toBeLessThan(250)
    isBlocked = false
    for (const resolve of waiting) resolve()
    await until(() => published === 400, { what: 'the other frames', timeoutMs: 30_000 })
    stop.abort()
    await running
  }, 90_000)

  test('events race a backfill, and the newest truth is what is held', async () => {
    const jobs = [0, 1, 2].map(() => world.backfill({ item_defindex: 190, item_quality_id: 11 }))
    for (let n = 0; n < 30; n++) {
      const offers = world.market.listed(NAME)
      const offer = offers[n % offers.length]
      if (!offer) continue
      if (n % 5 === 0) world.market.add(NAME, n % 2 === 0 ? 'buy' : 'sell')
      else if (n % 7 === 0) world.market.remove(offer.id)
      else world.market.edit(offer.id, { details: `text ${n}` })
      await new Promise(setImmediate)
    }
    await Promise.all(jobs)
    await until(async () => JSON.stringify(await world.live()) === JSON.stringify(world.listed(NAME)), { what: 'rows as they are listed' })
    for (const offer of world.market.listed(NAME)) expect((await rowOf(offer.id))?.details).toBe(offer.details)
  }, 60_000)
})
