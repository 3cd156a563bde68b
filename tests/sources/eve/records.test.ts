import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Entry } from '../../../backend/sources/eve/client'
import { cleanHash, hashesOf, judge } from '../../../backend/sources/eve/judge'
import { body, entitiesOf, hashOf, itemsOf, type Killmail, zkb } from '../../../backend/sources/eve/records'
import { bodyOf, zkbOf } from '../../support/eve'

const folder = join(__dirname, '..', '..', 'fixtures', 'eve')
const samples = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as { hash: string; body: { killmail_id: number } })

const entryOf = (raw: Record<string, unknown>, block: Record<string, unknown>, embedded = true): Entry => ({
  id: String(raw.killmail_id),
  zkb: zkb.parse(block),
  embedded,
  raw: { ...raw, zkb: block },
})

describe('the hash of a killmail', () => {
  test.each(samples.map((sample) => [sample.body.killmail_id, sample] as const))('%i: is the one ESI served it under', (_, sample) => {
    expect(hashOf(body.parse(sample.body))).toBe(sample.hash)
  })

  test('changes with victim, final blow, ship and second, and with nothing else', () => {
    const it = bodyOf(1, '2024-01-01T00:00:00Z')
    const hash = hashOf(it)
    expect(hashOf({ ...it, victim: { ...it.victim, character_id: 5 } })).not.toBe(hash)
    expect(hashOf({ ...it, victim: { ...it.victim, character_id: null } })).not.toBe(hash)
    expect(hashOf({ ...it, victim: { ...it.victim, ship_type_id: 5 } })).not.toBe(hash)
    expect(hashOf({ ...it, killmail_time: '2024-01-01T00:00:01Z' })).not.toBe(hash)
    expect(hashOf({ ...it, attackers: [] })).not.toBe(hash)
    expect(hashOf({ ...it, solar_system_id: 1, victim: { ...it.victim, damage_taken: 1 } })).toBe(hash)
  })
})

test('items inside containers follow their container and name it', () => {
  const sample = samples.find((one) => one.body.killmail_id === 69047522)
  const items = itemsOf(body.parse(sample?.body))
  const inside = items.filter((one) => one.parentSeq !== null)
  expect(inside).toHaveLength(1)
  expect(items[inside[0]?.parentSeq as number]).toMatchObject({ item_type_id: 3296, parentSeq: null })
  expect(items.map((one) => one.seq)).toEqual(items.map((_, at) => at))
})

test('each character, corporation, alliance and type is named once, in numeric order', () => {
  const killmails = samples.map((one) => ({ body: body.parse(one.body) }) as Killmail)
  const found = entitiesOf(killmails)
  for (const ids of Object.values(found)) {
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => Number(a) - Number(b)))
    expect(ids).not.toContain('null')
  }
  expect(found.character).toContain('671836332')
  expect(found.type).toEqual(expect.arrayContaining(['20183', '3186', '32014']))
})

describe('a listed killmail', () => {
  const it = bodyOf(7, '2024-01-01T00:00:00Z')
  const hash = hashOf(it)

  test('is kept when its body proves itself', () => {
    expect(judge(entryOf(it, zkbOf(hash)))).toMatchObject({ killmail: { id: '7', hash, listedHash: null } })
  })
  test('is kept with what is listed when its hash carries a space', () => {
    expect(judge(entryOf(it, zkbOf(`${hash} `)))).toMatchObject({ killmail: { hash, listedHash: `${hash} ` } })
  })
  test('goes to ESI when the hash is another, the listed one first', () => {
    const wrong = 'a'.repeat(40)
    const judged = judge(entryOf(it, zkbOf(wrong)))
    expect(judged).toMatchObject({ pending: { why: 'hash_mismatch', computed: hash } })
    expect('pending' in judged && hashesOf(judged.pending)).toEqual([wrong, hash])
  })
  test('goes to ESI when its body breaks the schema, which names the field', () => {
    expect(judge(entryOf({ ...it, attackers: 'none' }, zkbOf(hash)))).toMatchObject({
      pending: { why: 'schema', fault: expect.stringContaining('attackers') },
    })
  })
  test('goes to ESI when it came without a body', () => {
    expect(judge(entryOf({ killmail_id: 7 }, zkbOf(hash), false))).toMatchObject({ pending: { why: 'not_on_esi' } })
  })
  test('is rejected when CCP made it by hand', () => {
    expect(judge(entryOf(it, zkbOf('CCP VERIFIED')))).toMatchObject({ reject: { key: '7', reason: 'ccp_verified' } })
  })
  test('is rejected when there is nothing to ask ESI with', () => {
    expect(judge(entryOf({ killmail_id: 7 }, zkbOf(''), false))).toMatchObject({ reject: { key: '7', reason: 'not_on_esi' } })
  })
  test.each(['', 'CCP VERIFIED', 'a'.repeat(39), `${'a'.repeat(39)}g`])('%p is no hash', (text) => {
    expect(cleanHash(text)).toBeUndefined()
  })
})
