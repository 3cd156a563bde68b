import { gameHash } from '../../backend/sandbox/eve/hash'
import { MAIN_CHARACTER, MAIN_CORPORATIONS, SQUADS } from '../../backend/sandbox/eve/people'
import { ATTACKER, namedSides, sidesIn, VICTIM } from '../../backend/sandbox/eve/sides'
import { World, type WorldOptions } from '../../backend/sandbox/eve/world'

const world = (options: Partial<WorldOptions> = {}) =>
  new World({ scale: 1500, seed: 7, end: Date.UTC(2026, 5, 30), years: 6, bigAttackers: 300, oddities: true, ...options })
const bodies = (of: World, size = of.options.scale) => Array.from({ length: size }, (_, k) => of.killmail(of.place(k)))

describe('the world', () => {
  test('the hash is the one the game gives', () => {
    const attackers = [{ character_id: 161684017, damage_done: 458, final_blow: true, security_status: -1.1 }]
    const victim = { character_id: 95768281, damage_taken: 458, ship_type_id: 670, items: [] }
    const body = { killmail_id: 84508915, killmail_time: '2020-05-26T20:28:17Z', solar_system_id: 30000142, victim, attackers }
    expect(gameHash(body)).toBe('e74fe4b03e93d0e886b3c3ea8b2aebeaacabb6f2')
  })

  test('is the same for the same seed, in whatever order it is read, and another for another seed', () => {
    const [one, same, other] = [world(), world(), world({ seed: 8 })]
    const late = same.killmail(same.place(900))
    expect(late).toEqual(one.killmail(one.place(900)))
    expect(bodies(same, 50)).toEqual(bodies(one, 50))
    expect(bodies(other, 50)).not.toEqual(bodies(one, 50))
  })

  test('ids rise and are found again, times rise but for neighbors', () => {
    const it = world()
    for (let k = 1; k < 1500; k++) {
      expect(it.idOf(k)).toBeGreaterThan(it.idOf(k - 1))
      expect(it.placeOfId(it.idOf(k))?.k).toBe(k)
      expect(it.timeOf(k)).toBeGreaterThan(it.timeOf(k - 1) - 6 * 3_600_000)
    }
    expect(it.placeOfId(it.idOf(3) + it.idGap - 1)).toBeUndefined()
    expect(it.timeOf(1499)).toBeLessThan(Date.UTC(2026, 5, 30))
  })

  test('a month begins with the first id in it, and some after that are still of the month before', () => {
    const it = world({ scale: 60_000 })
    let strangers = 0
    for (let month = 0; month < 60; month++) {
      const start = Date.UTC(2021, month)
      const first = it.firstAt(start)
      expect(it.timeOf(first)).toBeGreaterThanOrEqual(start)
      for (let k = first - 30; k < first; k++) expect(it.timeOf(k)).toBeLessThan(start)
      for (let k = first; k < first + 30; k++) strangers += it.timeOf(k) < start ? 1 : 0
    }
    expect(strangers).toBeGreaterThan(20)
  })

  test('each killmail has one final blow, nobody twice, and the main character', () => {
    for (const body of bodies(world())) {
      expect(body.attackers.filter((attacker) => attacker.final_blow)).toHaveLength(1)
      const people = [body.victim, ...body.attackers].flatMap((party) => party.character_id ?? [])
      expect(new Set(people).size).toBe(people.length)
      expect(people).toContain(MAIN_CHARACTER)
    }
  })

  test('who takes part is the same by arithmetic and in the bodies', () => {
    const it = world()
    const all = bodies(it)
    const named: [string, number][] = [
      ['character', MAIN_CHARACTER],
      ...MAIN_CORPORATIONS.map((id): [string, number] => ['corporation', id]),
      ...SQUADS.flatMap((team): [string, number][] => [
        ...team.characters.map((id): [string, number] => ['character', id]),
        ['corporation', team.corporation_id],
        ['alliance', team.alliance_id ?? 99900001],
      ]),
    ]
    for (const [kind, id] of named) {
      const sides = namedSides(it, kind, id)
      expect(all.map((_, k) => sides?.(k))).toEqual(all.map((body) => sidesIn(body, kind, id)))
      expect(all.some((body) => sidesIn(body, kind, id) & ATTACKER)).toBe(true)
    }
    expect(all.filter((body) => sidesIn(body, 'character', MAIN_CHARACTER) === VICTIM).length).toBeGreaterThan(300)
  })

  test('holds what real killmails hold', () => {
    const all = bodies(world({ scale: 4000, bigAttackers: 4000 }), 4000)
    const some = (what: (body: (typeof all)[number]) => unknown) => expect(all.some(what)).toBe(true)
    some((body) => body.attackers.length >= 4000)
    some((body) => body.victim.items.some((item) => item.items?.length))
    some((body) => body.victim.items.some((item) => item.singleton === 2))
    some((body) => body.victim.position === undefined)
    some((body) => body.war_id)
    some((body) => body.moon_id)
    some((body) => body.victim.character_id === undefined)
    some((body) => body.attackers.every((attacker) => attacker.character_id === undefined))
    some((body) => body.attackers.some((attacker) => attacker.corporation_id === undefined && attacker.faction_id !== undefined))
  })

  test('twins share a hash, some listed hashes are none', () => {
    const it = world({ scale: 1600 })
    const at = (k: number) => it.killmail(it.place(k))
    expect(gameHash(at(500))).toBe(gameHash(at(499)))
    expect(at(500)).not.toEqual({ ...at(499), killmail_id: at(500).killmail_id })
    expect(it.listedHash(it.place(1500), at(1500))).toBe('CCP VERIFIED')
    expect(it.listedHash(it.place(7), at(7))).toBe(`${gameHash(at(7))} `)
    const plain = world({ scale: 1600, oddities: false })
    expect(plain.listedHash(plain.place(1500), plain.killmail(plain.place(1500)))).toMatch(/^[0-9a-f]{40}$/)
  })
})
