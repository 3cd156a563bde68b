import fc from 'fast-check'
import { SlidingBucket } from '../../backend/sandbox/base/limits'
import { gameHash } from '../../backend/sandbox/eve/hash'
import { MAIN_CHARACTER } from '../../backend/sandbox/eve/people'
import { MANNERS, stillSandbox } from '../support/sandbox'
import { until } from '../support/until'

type Still = Awaited<ReturnType<typeof stillSandbox>>
const ME = `/characterID/${MAIN_CHARACTER}/`
let still: Still
beforeAll(async () => {
  still = await stillSandbox({ scale: 700, speed: 20 })
})
afterAll(() => still.sandbox.close())
afterEach(() => {
  still.sandbox.reset()
  still.pass(3_600_000)
})
/** Half a second apart, as the scaled limit asks. */
const polite = (path: string) => {
  still.pass(500)
  return still.zkb(path)
}
const byKind = () => still.sandbox.violations().byKind

describe('zKillboard’s limits', () => {
  test('the pace is ten seconds by the speed; whoever keeps it does nothing wrong', async () => {
    const { zkillboard, esi, 'esi.killmail': bodies } = still.sandbox.limits
    expect({ zkillboard, esi, bodies }).toEqual({
      zkillboard: { spacingMs: 500, concurrent: 1 },
      esi: undefined,
      bodies: { requests: 3600, perMs: 45_000 },
    })
    for (let n = 1; n < 4; n++) await polite(`${ME}page/${n}/`)
    expect(still.sandbox.violations()).toEqual({ total: 0, byKind: {}, last: [] })
    expect(still.sandbox.requests('zkillboard').map((it, n, all) => it.at - (all[n - 1]?.at ?? it.at))).toEqual([0, 500, 500])
  })

  test('494 ms is too close, 495 is within the tolerance', async () => {
    await polite(ME)
    still.pass(495)
    await still.zkb(ME)
    expect(byKind()).toEqual({})
    still.pass(494)
    expect((await still.zkb(ME)).status).toBe(200)
    expect(byKind()).toEqual({ 'zkillboard-spacing': 1 })
  })

  test('ten times the pace is refused', async () => {
    await polite(ME)
    still.pass(40)
    expect((await still.zkb(ME)).status).toBe(429)
  })

  test('two at once', async () => {
    still.sandbox.fault({ name: 'hang', times: 1 })
    const leave = new AbortController()
    const hung = fetch(still.sandbox.urls.ZKILLBOARD_URL + ME, { headers: MANNERS, signal: leave.signal }).catch(
      (error: Error) => error.name,
    )
    await until(() => still.sandbox.traffic().zkillboard?.inFlight === 1)
    await polite(`${ME}page/2/`)
    expect(byKind()).toEqual({ 'zkillboard-in-flight': 1 })
    leave.abort()
    expect(await hung).toBe('AbortError')
    await until(() => still.sandbox.traffic().zkillboard?.inFlight === 0)
  })

  test('more than forty refused requests lead to the blocked page', async () => {
    for (let n = 0; n < 41; n++) {
      still.pass(300)
      await still.zkb(`${ME}limit/5/`)
    }
    const answer = await polite(ME)
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/zkillboard/api/blocked.json'])
    await polite('/blocked.json')
    expect(byKind()).toMatchObject({ 'zkillboard-followed-block': 1 })
  })

  test('manners: a name, an address, gzip', async () => {
    const { 'user-agent': _, ...nameless } = MANNERS
    still.pass(500)
    await still.zkb(ME, { ...nameless, 'user-agent': '' })
    still.pass(500)
    await still.zkb(ME, { ...MANNERS, 'user-agent': 'backhaul/1' })
    still.pass(500)
    await still.zkb(ME, { ...MANNERS, 'accept-encoding': 'identity' })
    expect(byKind()).toEqual({ 'no-user-agent': 1, 'no-contact': 1, 'no-gzip': 1 })
  })

  test('an open sandbox counts no limit', async () => {
    const open = await stillSandbox({ scale: 10, open: true })
    for (let n = 0; n < 3; n++) await open.zkb(ME)
    expect(open.sandbox.violations().total).toBe(0)
    await open.sandbox.close()
  })
})

describe('the faults of a page', () => {
  const faulted = async (fault: { name: string; [option: string]: unknown }) => {
    still.sandbox.fault({ times: 1, ...fault })
    return polite(ME)
  }

  test('bodies that are no page', async () => {
    expect((await faulted({ name: 'empty-page' })).text).toBe('[]')
    expect((await faulted({ name: 'null-page' })).text).toBe('[null]')
    expect((await faulted({ name: 'error-object', text: 'no' })).json()).toEqual({ error: 'no' })
    expect((await faulted({ name: 'reinforced-503' })).status).toBe(503)
    expect((await faulted({ name: 'short-page', count: 3 })).json()).toHaveLength(197)
    expect((await polite(ME)).json()).toHaveLength(200)
  })

  test('entries that are wrong', async () => {
    const good = (await polite(ME)).json()
    const [hash] = (await faulted({ name: 'wrong-hash' })).json()
    expect(hash.zkb.hash).not.toBe(gameHash(hash))
    expect((await faulted({ name: 'empty-hash', entry: 2 })).json()[2].zkb.hash).toBe('')
    expect((await faulted({ name: 'bad-body', entry: 1 })).json()[1].attackers).toBe('none')
    const [wrong] = (await faulted({ name: 'wrong-body' })).json()
    expect(wrong).toEqual({ ...good[1], killmail_id: good[0].killmail_id, zkb: good[0].zkb })
    expect(
      (await faulted({ name: 'wrong-hash', every: 50 })).json().filter((it: never, n: number) => gameHash(it) !== good[n].zkb.hash.trim()),
    ).toEqual([])
    expect((await faulted({ name: 'unknown-shape' })).json()[0].killmail_id).toBeUndefined()
  })

  test('blocks are to be respected', async () => {
    const answer = await faulted({ name: 'html-block' })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([403, 'text/html; charset=UTF-8'])
    still.pass(1000)
    await polite(ME)
    expect(byKind()).toEqual({ 'zkillboard-while-blocked': 1 })
    still.pass(3000)
    expect((await faulted({ name: 'blocked-redirect' })).status).toBe(302)
  })

  test('drift pushes rows to later pages; a page cached earlier leaves a gap', async () => {
    const ids = async (path: string): Promise<number[]> => (await polite(path)).json().map((it: { killmail_id: number }) => it.killmail_id)
    const first = await ids(ME)
    still.sandbox.fault({ name: 'drift', count: 4, times: 1 })
    const second = await ids(`${ME}page/2/`)
    expect(second.filter((id) => first.includes(id))).toHaveLength(4)
    still.sandbox.fault({ name: 'edge-cache' })
    const third = await ids(`${ME}page/3/`)
    still.sandbox.eve.register.addFresh(6)
    expect(await ids(`${ME}page/3/`)).toEqual(third)
    const fresh = [...(await ids(ME)), ...(await ids(`${ME}page/2/`)), ...third]
    const truth = (await still.sandbox.eve.truth.ids({ characterId: MAIN_CHARACTER })).slice(0, 600)
    expect(truth.filter((id) => !fresh.includes(id))).toHaveLength(6)
    expect((await polite(`${ME}page/3/`)).headers.get('age')).toBe('2')
  })
})

describe('the faults of the way', () => {
  const error = (promise: Promise<unknown>) =>
    promise.then(
      () => 'answered',
      (it: Error) => it.name,
    )

  test('connections that break, bodies that end early, words for JSON', async () => {
    still.sandbox.fault({ name: 'reset-connection', times: 1 })
    expect(await error(polite(ME))).toBe('TypeError')
    still.sandbox.fault({ name: 'truncated-json', times: 1 })
    expect(await error(polite(ME))).toBe('TypeError')
    still.sandbox.fault({ name: 'half-json', times: 1, api: 'zkillboard' })
    expect((await polite(ME)).json).toThrow(SyntaxError)
    still.sandbox.fault({ name: 'not-json', times: 1 })
    expect((await polite(ME)).json).toThrow(SyntaxError)
    still.sandbox.fault({ name: 'status', status: 418, body: 'teapot', times: 1 })
    expect(await polite(ME)).toMatchObject({ status: 418, text: 'teapot' })
    still.sandbox.fault({ name: 'slow', ms: 30, times: 1 })
    const start = performance.now()
    await polite(ME)
    expect(performance.now() - start).toBeGreaterThan(28)
  })

  test('a probability is kept, by the seed', async () => {
    const hits = async () => {
      const small = await stillSandbox({ scale: 10, open: true, seed: 5 })
      small.sandbox.fault({ name: 'null-page', probability: 0.4 })
      const found: boolean[] = []
      for (let n = 0; n < 40; n++) found.push((await small.zkb(ME)).text === '[null]')
      await small.sandbox.close()
      return found
    }
    const first = await hits()
    expect(first.filter(Boolean).length).toBeGreaterThan(5)
    expect(first.filter(Boolean).length).toBeLessThan(30)
    expect(await hits()).toEqual(first)
  })

  test('after, match, once for every path', async () => {
    still.sandbox.fault({ name: 'empty-page', match: 'page/[23]/', oncePerPath: true })
    const lengths: number[] = []
    for (const n of [1, 2, 2, 3, 3]) lengths.push((await polite(`${ME}page/${n}/`)).json().length)
    expect(lengths).toEqual([200, 0, 200, 0, 200])
    still.sandbox.clearFaults()
    still.sandbox.fault({ name: 'null-page', after: 1, times: 1 })
    expect([(await polite(ME)).text === '[null]', (await polite(ME)).text === '[null]', (await polite(ME)).text === '[null]']).toEqual([
      false,
      true,
      false,
    ])
  })
})

describe('the controls', () => {
  const control = (path: string, init?: RequestInit) => fetch(`${still.sandbox.url}/_sandbox${path}`, init)
  const post = (path: string, body: unknown) => control(path, { method: 'POST', body: JSON.stringify(body) })

  test('faults are switched on, listed and off again', async () => {
    expect((await post('/faults', { name: 'empty-page', times: 1 })).status).toBe(201)
    expect((await polite(ME)).text).toBe('[]')
    const { on, known } = (await (await control('/faults')).json()) as { on: unknown[]; known: Record<string, Record<string, string>> }
    expect(on).toEqual([expect.objectContaining({ name: 'empty-page', happened: 1 })])
    expect(Object.keys(known)).toEqual(['common', 'eve', 'atproto', 'tf2', 'toastmasters', 'commerce'])
    expect(known.eve).toHaveProperty('downtime')
    await control('/faults', { method: 'DELETE' })
    expect(await (await control('/faults')).json()).toMatchObject({ on: [] })
    const wrong = await post('/faults', { name: 'empty-pgae' })
    expect(wrong.status).toBe(400)
    expect(((await wrong.json()) as { message: string }).message).toContain('no fault is called empty-pgae')
  })

  test('truth, traffic, violations, reset', async () => {
    await polite(ME)
    await still.zkb(ME)
    const requests = (await (await control('/requests')).json()) as Record<string, unknown>
    expect(requests.zkillboard).toMatchObject({ total: 2, byRoute: { page: 2 }, inFlight: 0 })
    expect(await (await control('/violations')).json()).toMatchObject({ total: 1 })
    expect(await (await control(`/eve/truth?characterId=${MAIN_CHARACTER}&to=2023-01-01`)).json()).toEqual({
      page: 1,
      count: await still.sandbox.eve.truth.count({ characterId: MAIN_CHARACTER, to: new Date('2023-01-01') }),
      killmails: await still.sandbox.eve.truth.killmails({ characterId: MAIN_CHARACTER, to: new Date('2023-01-01') }),
    })
    await post('/eve/killmails/fresh', { count: 2 })
    expect(await still.sandbox.eve.truth.count({ characterId: MAIN_CHARACTER })).toBe(702)
    expect((await post('/reset', {})).status).toBe(204)
    expect(await (await control('/violations')).json()).toMatchObject({ total: 0 })
    expect(await still.sandbox.eve.truth.count({ characterId: MAIN_CHARACTER })).toBe(700)
  })
})

test('a bucket never lets more through in any window than it holds', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 1, max: 5 })), { maxLength: 200 }), (asks) => {
      const bucket = new SlidingBucket(20, 10_000)
      const spent: [number, number][] = []
      let at = 0
      for (const [pause, cost] of asks) {
        at += pause
        if (bucket.used(at) + cost > 20) continue
        bucket.spend(at, cost)
        spent.push([at, cost])
      }
      for (const [start] of spent) {
        const inWindow = spent.filter(([when]) => when >= start && when < start + 9950).reduce((sum, [, cost]) => sum + cost, 0)
        expect(inWindow).toBeLessThanOrEqual(20)
      }
    }),
  )
})
