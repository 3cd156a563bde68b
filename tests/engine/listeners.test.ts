import { newWorkerId } from '../../backend/engine/heartbeat'
import { releaseLease, takeLease } from '../../backend/engine/lease'
import { createListenerProcess } from '../../backend/engine/listen'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/* What one process of all may do at a time, and the long-lived connections that are held so. */

let it_: Suite
beforeAll(async () => {
  it_ = await suite([], { scheduler: false })
}, 60_000)
afterAll(() => it_?.close())
beforeEach(() => it_.db.tx((tx) => tx.query('truncate backhaul.leases, backhaul.workers')))

test('a lease has one holder, who renews it; another one takes it over once it has run out or was released', async () => {
  expect(await takeLease(it_.db, 'it', 'a', 60_000)).toBe(true)
  expect(await takeLease(it_.db, 'it', 'b', 60_000)).toBe(false)
  expect(await takeLease(it_.db, 'it', 'a', 60_000)).toBe(true)
  expect(await takeLease(it_.db, 'other', 'b', 60_000)).toBe(true)
  await releaseLease(it_.db, 'it', 'b')
  expect(await takeLease(it_.db, 'it', 'b', 60_000)).toBe(false)
  await releaseLease(it_.db, 'it', 'a')
  expect(await takeLease(it_.db, 'it', 'b', 1)).toBe(true)
  await until(() => takeLease(it_.db, 'it', 'c', 60_000), { what: 'the lease to run out' })
})

const processes = () => {
  const listening = new Set<string>()
  const make = (name: string) =>
    createListenerProcess({
      id: newWorkerId(),
      app: 'worker-ears',
      settings: {},
      userAgent: 'tests',
      db: it_.db,
      broker: it_.broker,
      log: it_.log,
      renewMs: 50,
      listener: {
        about: 'listens, for tests',
        enabled: 'EARS',
        run: (io) =>
          new Promise((resolve) => {
            listening.add(name)
            io.signal.addEventListener('abort', () => {
              listening.delete(name)
              resolve()
            })
          }),
      },
    })
  return { listening, make }
}

test('of two processes one listens; when it stops, the other one does', async () => {
  const { listening, make } = processes()
  const [one, two] = [make('one'), make('two')]
  await one.start()
  await until(() => listening.has('one'), { what: 'the first to listen' })
  await two.start()
  await until(async () => (await it_.db.query('select 1 from backhaul.workers')).length === 2, { what: 'both to be known' })
  expect([...listening]).toEqual(['one'])
  await one.stop()
  expect(listening.has('one')).toBe(false)
  await until(() => listening.has('two'), { what: 'the second to take over' })
  await two.stop()
  expect(await it_.db.query('select 1 from backhaul.leases')).toEqual([])
})

test('a process that loses its lease stops listening', async () => {
  const { listening, make } = processes()
  const one = make('one')
  await one.start()
  await until(() => listening.has('one'), { what: 'it to listen' })
  await it_.db.query(`update backhaul.leases set holder = 'somebody else', until = now() + interval '1 hour'`)
  await until(() => !listening.has('one'), { what: 'it to stop' })
  await one.stop()
})
