import { createSealer } from '../../backend/base/seal'
import type { Db } from '../../backend/database/db'
import { credentialContext } from '../../backend/engine/credentials'
import { secretContext } from '../../backend/webhooks/secret'
import { type CommandEnv, command, ownServices } from '../support/cli'

let db: Db
let env: CommandEnv
ownServices((own) => ({ db, env } = own))

const [one, two] = ['11'.repeat(32), Buffer.alloc(32, 2).toString('base64')]
const [byOne, byTwo] = [createSealer([Buffer.alloc(32, 0x11)]), createSealer([Buffer.alloc(32, 2)])]
const under = (key: string) => ({ ...env, TOKEN_KEY: key })

const addWebhook = async (secretOf: (id: string) => string) => {
  const [row] = await db.query<{ id: string }>(
    `insert into backhaul.webhooks (url, events, secret) values ('https://a.example', '{*}', '') returning id`,
  )
  const id = row?.id ?? ''
  await db.query('update backhaul.webhooks set secret = $2 where id = $1', [id, secretOf(id)])
  return id
}
const secretOf = async (id: string) =>
  (await db.query<{ secret: string }>('select secret from backhaul.webhooks where id = $1', [id]))[0]?.secret ?? ''

beforeEach(async () => {
  await db.query('delete from backhaul.webhooks')
  await db.query('delete from backhaul.credentials')
})

test('every secret is sealed by the first key, the plain ones too; again nothing changes', async () => {
  const plain = await addWebhook(() => 'plain secret')
  const old = await addWebhook((id) => byOne.seal('old secret', secretContext(id)))
  expect(JSON.parse((await command(under(one), 'credentials rotate --json')).out)).toEqual([
    { name: 'webhook', sealed: 1, current: 1, failed: 0 },
    { name: 'credential', sealed: 0, current: 0, failed: 0 },
  ])
  expect((await command(under(`${two},${one}`), 'credentials rotate')).out).toMatch(/^webhook +2 +0 +0$/m)
  expect(JSON.parse((await command(under(two), 'credentials rotate --json')).out)).toEqual([
    { name: 'webhook', sealed: 0, current: 2, failed: 0 },
    { name: 'credential', sealed: 0, current: 0, failed: 0 },
  ])
  expect(byTwo.open(await secretOf(plain), secretContext(plain))).toBe('plain secret')
  expect(byTwo.open(await secretOf(old), secretContext(old))).toBe('old secret')
})

test('the tokens of accounts are sealed again as well', async () => {
  const id = 'etsy/4711'
  const sealed = byOne.seal('{"access":"a"}', credentialContext(id))
  await db.query(`insert into backhaul.credentials (id, source, kind, sealed) values ($1, 'toy', 'toy', $2)`, [id, sealed])
  expect(JSON.parse((await command(under(`${two},${one}`), 'credentials rotate --json')).out)[1]).toEqual({
    name: 'credential',
    sealed: 1,
    current: 0,
    failed: 0,
  })
  const [row] = await db.query<{ sealed: string }>('select sealed from backhaul.credentials where id = $1', [id])
  expect(byTwo.open(row?.sealed ?? '', credentialContext(id))).toBe('{"access":"a"}')
})

test('a secret whose key is missing stays, is named, and fails the command', async () => {
  const id = await addWebhook((row) => byOne.seal('old secret', secretContext(row)))
  const before = await secretOf(id)
  const { code, err } = await command(under(two), 'credentials rotate')
  expect(code).toBe(1)
  expect(err).toContain(`webhook ${id}: TOKEN_KEY lacks the key ${byOne.keyIds[0]}`)
  expect(await secretOf(id)).toBe(before)
  expect((await command(under(two), 'credentials keys')).out).toMatch(new RegExp(`^webhook +${byOne.keyIds[0]} +missing +1$`, 'm'))
})

test('more than one batch', async () => {
  await db.query(
    `insert into backhaul.webhooks (url, events, secret) select 'https://a.example', '{*}', 's' || n from generate_series(1, 1203) n`,
  )
  expect(JSON.parse((await command(under(one), 'credentials rotate --json')).out)).toMatchObject([{ sealed: 1203 }, {}])
  expect(JSON.parse((await command(under(one), 'credentials keys --json')).out).secrets).toEqual([
    { name: 'webhook', key: byOne.keyIds[0], secrets: 1203 },
  ])
})

test('a malformed or missing TOKEN_KEY is refused without showing it', async () => {
  const { code, err } = await command(under(`${one},abc`), 'credentials rotate')
  expect({ code, err }).toEqual({ code: 78, err: expect.stringMatching(/^Invalid settings: TOKEN_KEY must be keys of 32 bytes/) })
  expect(err).not.toContain('abc')
  expect(await command(env, 'credentials rotate')).toMatchObject({ code: 78, err: expect.stringMatching(/^TOKEN_KEY is not set/) })
})

test('doctor says which secrets the first key does not seal', async () => {
  await addWebhook(() => 'plain')
  await addWebhook((id) => byOne.seal('x', secretContext(id)))
  const says = async (key: string) => {
    const { findings } = JSON.parse((await command(under(key), 'doctor --json')).out)
    return findings.filter((one: { check: string }) => one.check === 'secrets').map((one: { text: string }) => one.text)
  }
  expect(await says(`${two},${one}`)).toEqual([
    '1 webhook secret not sealed: run yarn credentials rotate',
    `1 webhook secret sealed by the key ${byOne.keyIds[0]}, which is not the first: run yarn credentials rotate`,
  ])
  expect((await says(two))[1]).toContain('which TOKEN_KEY lacks')
})
