import { z } from 'zod'
import { MAIN_CHARACTER } from '../../backend/sandbox/eve/people'
import shapes from '../fixtures/esi-shapes.json'
import { MANNERS, stillSandbox } from '../support/sandbox'

type Still = Awaited<ReturnType<typeof stillSandbox>>
let still: Still
beforeAll(async () => {
  still = await stillSandbox({ scale: 1600 })
})
afterAll(() => still.sandbox.close())
afterEach(() => still.sandbox.reset())

const keep = (name: keyof typeof shapes, body: unknown) =>
  z.fromJSONSchema(shapes[name] as Parameters<typeof z.fromJSONSchema>[0]).parse(body)
const place = (k: number) => still.sandbox.eve.world.place(k)
const person = (state: string) =>
  Array.from({ length: 400 }, (_, n) => still.sandbox.eve.world.people.person(n)).find((it) => it.state === state)?.party.character_id ?? 0
async function killmail(k: number) {
  const { id } = place(k)
  const hash = sandboxHash(id)
  return still.esi(`/killmails/${id}/${hash}/`)
}
const sandboxHash = (id: number) => still.sandbox.eve.truth.listed(id)?.zkb.hash.trim() ?? ''

describe('ESI’s answers have the published shapes', () => {
  test('killmails', async () => {
    for (let k = 0; k < 1600; k += 40) keep('killmail', (await killmail(k)).json())
  })
  test('names, affiliations and details', async () => {
    const { truth } = still.sandbox.eve
    const found = await truth.entities({ characterId: MAIN_CHARACTER })
    const alive = [...found.characters].filter((id) => still.sandbox.eve.world.people.character(id)?.state === 'alive')
    const ids = [...alive.slice(0, 900), ...[...found.types].slice(0, 100)]
    keep('names', (await still.esi('/universe/names/', ids)).json())
    keep('affiliation', (await still.esi('/characters/affiliation/', alive.slice(0, 1000))).json())
    for (const id of alive.slice(0, 30)) keep('character', (await still.esi(`/characters/${id}/`)).json())
    for (const id of [...found.alliances].slice(0, 20)) keep('alliance', (await still.esi(`/alliances/${id}`)).json())
    for (const id of found.types) keep('type', (await still.esi(`/universe/types/${id}/`)).json())
    keep('status', (await still.esi('/status/')).json())
    const corporations = await Promise.all([...found.corporations].map((id) => still.esi(`/corporations/${id}/`)))
    for (const answer of corporations.filter((it) => it.status === 200)) keep('corporation', answer.json())
    expect(corporations.filter((it) => it.status === 200).length).toBeGreaterThan(20)
  })
  test('a shape with a fault is told', () => {
    expect(() => keep('status', { players: 'many' })).toThrow()
  })
})

describe('ESI’s odd answers', () => {
  test('a wrong pair, and a killmail made by hand', async () => {
    const wrong = await still.esi(`/killmails/${place(3).id}/0123456789abcdef0123456789abcdef01234567/`)
    expect([wrong.status, wrong.json()]).toEqual([422, { error: 'Invalid killmail_id and/or killmail_hash' }])
    expect((await still.esi(`/killmails/${place(1500).id}/CCP%20VERIFIED/`)).status).toBe(422)
  })

  test('names are all or nothing, deleted characters keep theirs', async () => {
    const [alive, deleted, unknown] = [person('alive'), person('deleted'), person('unknown')]
    expect((await still.esi('/universe/names/', [alive, deleted])).json()).toHaveLength(2)
    const refused = await still.esi('/universe/names', [alive, unknown])
    expect([refused.status, refused.json()]).toEqual([404, { error: 'Ensure all IDs are valid before resolving.' }])
    expect((await still.esi('/universe/names', [])).status).toBe(400)
    expect((await still.esi('/universe/names', [alive, alive])).status).toBe(400)
    expect((await still.esi('/characters/affiliation', [alive, unknown])).status).toBe(400)
  })

  test('deleted and unknown characters', async () => {
    const deleted = await still.esi(`/characters/${person('deleted')}/`)
    expect([deleted.status, deleted.json()]).toEqual([404, { error: 'Character has been deleted!' }])
    expect((await still.esi('/characters/1/')).json()).toEqual({ error: 'Character not found' })
    const [moved] = (await still.esi('/characters/affiliation/', [person('deleted')])).json()
    expect([1000044, 1000045]).toContain(moved.corporation_id)
  })

  test('the compatibility date decides the shape', async () => {
    const id = Array.from({ length: 400 }, (_, n) => still.sandbox.eve.world.people.person(n)).find(
      (it) => it.state === 'alive' && it.party.character_id % 5 === 0,
    )?.party.character_id
    const at = (date: string) => still.esi(`/characters/${id}/`, undefined, { ...MANNERS, 'x-compatibility-date': date })
    expect((await at('2026-07-17')).json()).toHaveProperty('corporation_title')
    expect((await at('2026-06-08')).json()).toHaveProperty('title')
    expect((await at('2026-07-20')).headers.get('x-compatibility-date')).toBe('2026-07-17')
    expect((await at('2026-11-22')).status).toBe(400)
    expect((await at('soon')).status).toBe(400)
    const { 'x-compatibility-date': _, ...without } = MANNERS
    expect((await still.esi(`/characters/${id}/`, undefined, without)).headers.get('x-compatibility-date')).toBe('2020-01-01')
    expect(still.sandbox.violations().byKind).toMatchObject({ 'esi-no-compatibility-date': 1 })
  })

  test('everybody was born before the first killmail', async () => {
    const start = still.sandbox.eve.world.start
    const born = await Promise.all(
      [`/characters/${MAIN_CHARACTER}`, `/characters/${person('alive')}`, '/corporations/98700001', '/alliances/99900001'].map((path) =>
        still.esi(path),
      ),
    )
    for (const it of born) expect(Date.parse(it.json().birthday ?? it.json().date_founded)).toBeLessThan(start)
    expect(Date.parse(born[0]?.json().birthday)).toBeGreaterThan(start - 40 * 86_400_000)
  })

  test('an ETag brings 304 and costs one token', async () => {
    const first = await killmail(4)
    const etag = first.headers.get('etag') ?? ''
    const again = await still.esi(`/killmails/${place(4).id}/${sandboxHash(place(4).id)}`, undefined, { ...MANNERS, 'if-none-match': etag })
    expect([again.status, again.text]).toEqual([304, ''])
    expect(again.headers.get('x-ratelimit-used')).toBe('1')
    expect(again.headers.get('x-ratelimit-remaining')).toBe('3597')
  })

  test('asking again and again before it expires is a violation', async () => {
    for (let n = 0; n < 4; n++) await still.esi(`/alliances/99900001/`)
    expect(still.sandbox.violations().byKind).toEqual({ 'esi-before-expires': 1 })
    still.pass(3_600_000)
    await still.esi(`/alliances/99900001/`)
    expect(still.sandbox.violations().total).toBe(1)
  })
})

describe('ESI’s limits', () => {
  test('the killmail bucket: 3,600 tokens, back 15 minutes after they were spent', async () => {
    const path = `/killmails/${place(3).id}/00/`
    for (let n = 0; n < 720; n++) await still.esi(path)
    expect(still.sandbox.violations().total).toBe(0)
    const refused = await killmail(5)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toBe('900')
    expect(refused.headers.get('x-ratelimit-group')).toBe('killmail')
    expect(refused.headers.get('x-ratelimit-limit')).toBe('3600/15m')
    expect((await still.esi('/alliances/99900001/')).status).toBe(200)
    expect(still.sandbox.violations().byKind).toEqual({ 'esi-bucket': 1 })
    still.pass(900_000)
    expect((await killmail(5)).headers.get('x-ratelimit-remaining')).toBe('3598')
  })

  test('a hundred errors a minute, then 420 on every route until the minute is over', async () => {
    for (let n = 0; n < 99; n++) await still.esi(`/characters/${n + 1}/`)
    expect((await still.esi('/alliances/99900001/')).headers.get('x-esi-error-limit-remain')).toBe('1')
    await still.esi('/characters/1/')
    expect(still.sandbox.violations().total).toBe(0)
    expect((await still.esi('/alliances/99900001/')).status).toBe(420)
    const refused = await killmail(5)
    expect([refused.status, refused.headers.get('x-esi-error-limit-remain')]).toEqual([420, '0'])
    expect(still.sandbox.violations().byKind).toEqual({ 'esi-error-limit': 2 })
    still.pass(Number(refused.headers.get('x-esi-error-limit-reset')) * 1000)
    expect((await killmail(5)).status).toBe(200)
  })

  test('a pause asked for is a pause kept', async () => {
    still.sandbox.fault({ name: 'esi-429', times: 1, seconds: 10 })
    expect((await killmail(5)).headers.get('retry-after')).toBe('10')
    still.pass(2000)
    expect((await still.esi('/alliances/99900001/')).status).toBe(200)
    expect((await killmail(5)).status).toBe(429)
    expect(still.sandbox.violations().byKind).toEqual({ 'esi-while-told-to-wait': 1 })
    still.pass(8000)
    expect((await killmail(5)).status).toBe(200)
    still.sandbox.fault({ name: 'esi-420', times: 1, seconds: 10 })
    expect((await still.esi('/status/')).status).toBe(420)
    still.pass(2000)
    expect((await killmail(5)).status).toBe(420)
  })
})

describe('ESI’s faults', () => {
  test.each([
    ['esi-5xx', {}, 502],
    ['esi-5xx', { status: 503 }, 503],
    ['esi-timeout', {}, 504],
    ['esi-420', {}, 420],
    ['esi-429', {}, 429],
    ['esi-429-bare', {}, 429],
    ['esi-422', {}, 422],
    ['downtime', {}, 503],
  ])('%s %j', async (name, options, status) => {
    still.sandbox.fault({ name, times: 1, ...options })
    expect((await killmail(9)).status).toBe(status)
    expect(still.sandbox.violations().total).toBe(0)
  })

  test('a bare 429 has no headers of a bucket', async () => {
    still.sandbox.fault({ name: 'esi-429-bare', times: 1 })
    const { headers } = await killmail(9)
    expect([headers.get('x-ratelimit-group'), headers.get('retry-after')]).toEqual([null, null])
  })

  test('names and affiliations can refuse good ids', async () => {
    const ids = [person('alive'), MAIN_CHARACTER]
    still.sandbox.fault({ name: 'names-404', times: 1 })
    expect((await still.esi('/universe/names/', ids)).status).toBe(404)
    expect((await still.esi('/universe/names/', ids)).status).toBe(200)
    still.sandbox.fault({ name: 'affiliation-bad-id', id: MAIN_CHARACTER })
    expect((await still.esi('/characters/affiliation/', ids)).status).toBe(400)
    expect((await still.esi('/characters/affiliation/', ids.slice(0, 1))).status).toBe(200)
  })
})
