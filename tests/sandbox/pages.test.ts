import { MAIN_CHARACTER, SQUADS } from '../../backend/sandbox/eve/people'
import type { Listed } from '../../backend/sandbox/eve/shapes'
import { stillSandbox } from '../support/sandbox'

type Still = Awaited<ReturnType<typeof stillSandbox>>
const ME = `/characterID/${MAIN_CHARACTER}`
let still: Still
beforeAll(async () => {
  still = await stillSandbox({ scale: 1450, open: true })
})
afterAll(() => still.sandbox.close())
afterEach(() => still.sandbox.reset())
const page = async (path: string): Promise<Listed[]> => (await still.zkb(path)).json()
const ids = (entries: Listed[]) => entries.map((entry) => entry.killmail_id)

async function allPages(path: string): Promise<number[]> {
  const found: number[] = []
  for (let n = 1; ; n++) {
    const entries = await page(`${path}page/${n}/`)
    if (entries.length === 0) return found
    found.push(...ids(entries))
  }
}

describe('zKillboard’s pages', () => {
  test('200 at a time, newest first, every killmail once, then nothing', async () => {
    const found = await allPages(`${ME}/`)
    expect(found).toEqual(await still.sandbox.eve.truth.ids({ characterId: MAIN_CHARACTER }))
    expect(found).toHaveLength(1450)
    expect(found).toEqual([...found].sort((a, b) => b - a))
    expect(await page(`${ME}/`)).toHaveLength(200)
  })

  test('kills and losses are the two halves', async () => {
    const [kills, losses] = [await allPages(`${ME}/kills/`), await allPages(`${ME}/losses/`)]
    expect([...kills, ...losses].sort()).toEqual((await still.sandbox.eve.truth.ids({ characterId: MAIN_CHARACTER })).sort())
  })

  test('corporations, alliances and the crowd have listings of their own', async () => {
    const team = SQUADS[2]
    const crowd = (await page(`${ME}/`))
      .flatMap((entry) => entry.attackers)
      .find((it) => it.corporation_id && it.corporation_id < 98_600_000 && it.alliance_id)
    for (const [name, id, key] of [
      ['corporationID', team?.corporation_id, 'corporationId'],
      ['allianceID', team?.alliance_id, 'allianceId'],
      ['characterID', crowd?.character_id, 'characterId'],
      ['corporationID', crowd?.corporation_id, 'corporationId'],
    ] as const) {
      const found = await allPages(`/${name}/${id}/`)
      expect(found).toEqual(await still.sandbox.eve.truth.ids({ [key]: id }))
      expect(found.length).toBeGreaterThan(0)
    }
  })

  test('months are cut by id: together they are everything, once', async () => {
    const found: number[] = []
    for (let year = 2020; year <= 2026; year++) {
      for (let month = 1; month <= 12; month++) {
        found.push(...ids(await page(`${ME}/year/${year}/month/${month}/`)))
      }
    }
    expect(found.sort()).toEqual((await still.sandbox.eve.truth.ids({ characterId: MAIN_CHARACTER })).sort())
  })

  test('a year without a month is ignored', async () => {
    expect(await page(`${ME}/year/2021/`)).toEqual(await page(`${ME}/`))
  })

  test('the young are dropped after the page is cut, and come when they are old enough', async () => {
    const fresh = still.sandbox.eve.register.addFresh(3, 100)
    expect(await page(`${ME}/`)).toHaveLength(197)
    expect(await still.sandbox.eve.truth.count({ characterId: MAIN_CHARACTER })).toBe(1450)
    still.pass(300_000)
    expect(ids(await page(`${ME}/`)).slice(0, 3)).toEqual(fresh.map((place) => place.id).reverse())
    expect(ids(await page(`${ME}/pastSeconds/3600/`)).sort()).toEqual(fresh.map((place) => place.id))
  })

  test('a killmail posted late stands where its id belongs', async () => {
    const [late] = still.sandbox.eve.register.addLate(1, 1300)
    const before = still.sandbox.eve.world.idOf(1300)
    const first = ids(await page(`${ME}/`))
    expect(first[first.indexOf(before) - 1]).toBe(late?.id)
    expect(await still.sandbox.eve.truth.count({ characterId: MAIN_CHARACTER })).toBe(1451)
    const found = (await still.zkb(`/killID/${late?.id}/`)).json()
    expect((await still.esi(`/killmails/${late?.id}/${found[0].zkb.hash.trim()}/`)).status).toBe(200)
  })

  test('the old form holds id and zkb', async () => {
    still.sandbox.fault({ name: 'old-form', times: 1 })
    const [entry] = await page(`${ME}/`)
    expect(Object.keys(entry ?? {})).toEqual(['killmail_id', 'zkb'])
  })
})

describe('zKillboard’s rules for paths', () => {
  const refused = [
    `${ME}/page/101/`,
    `${ME}/page/0/`,
    `${ME}/page/01/`,
    `${ME}/limit/100/`,
    `${ME}/startTime/202601010000/`,
    `${ME}/beforeKillID/5/`,
    `${ME}/orderDirection/asc/`,
    `${ME}/no-items/`,
    `${ME}/year/2006/`,
    `${ME}/year/2030/month/1/`,
    `${ME}/year/2025/month/13/`,
    `${ME}/pastSeconds/608400/`,
    `${ME}/nonsense/`,
    '/character/1/',
    '/characterID/1,2/',
    '/characterID/x/',
    '/page/2/',
    '/npc/2/characterID/1/',
    '/iskValue/7/',
  ]
  test.each(refused)('%s is an error object under 200', async (path) => {
    const answer = await still.zkb(path)
    expect(answer.status).toBe(200)
    expect(answer.json()).toEqual({ error: expect.any(String) })
  })

  test('page 101 says so in the service’s words', async () => {
    expect((await still.zkb(`${ME}/page/101/`)).json()).toEqual({ error: 'page value > 100 not allowed' })
  })

  test('the other answers to odd paths', async () => {
    expect(await still.zkb(ME)).toMatchObject({ status: 200, text: '' })
    expect((await still.zkb(`${ME}/?page=2`)).status).toBe(403)
    expect((await still.zkb(`/characterID//${MAIN_CHARACTER}/`)).headers.get('location')).toBe(`/zkillboard/api${ME}/`)
    expect((await still.zkb(`${ME}/pastSeconds/5000/`)).text).toBe('[null]')
    expect(await page('/characterID/5/')).toEqual([])
  })

  test('a leading zero is allowed in a month only', async () => {
    expect(await page(`${ME}/year/2024/month/02/`)).toEqual(await page(`${ME}/year/2024/month/2/`))
  })

  test('pages say how long they are kept', async () => {
    const answer = await still.zkb(`${ME}/`)
    expect(answer.headers.get('cache-control')).toBe('public, max-age=3600')
    expect(answer.headers.get('content-encoding')).toBe('gzip')
    expect(answer.headers.get('content-type')).toContain('application/json')
  })

  test('stats lead to kills and are a lower bound', async () => {
    const answer = await still.zkb(`/stats${ME}/`)
    expect([answer.status, answer.headers.get('location')]).toEqual([302, `/zkillboard/api/stats${ME}/kills/`])
    const stats = (await still.zkb(`/stats${ME}/kills/`)).json()
    expect(stats.shipsDestroyed + stats.shipsLost).toBeLessThanOrEqual(1450)
    expect(stats.shipsDestroyed + stats.shipsLost).toBeGreaterThan(1400)
    expect((await still.zkb('/stats/characterID/5/kills/')).json()).toEqual({ error: 'Invalid type or id' })
  })
})
