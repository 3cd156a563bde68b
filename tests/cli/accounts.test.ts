import { domainOf } from '../../backend/sandbox/commerce/shopify-store'
import { begin, command, type Running } from '../support/cli'
import { type AccountWorld, accountWorld } from '../support/commerce-accounts'
import { until } from '../support/until'

/* `yarn accounts`: a person connects the accounts of a user, lists, checks and removes them, and sees no secret. */

let it_: AccountWorld
/** Everything that commands have printed. */
const printed: string[] = []
beforeAll(async () => {
  it_ = await accountWorld()
}, 120_000)
afterAll(() => it_?.close())

const seller = (n = 0) => {
  const found = it_.sandbox.commerce.world.users[n]
  if (!found) throw new Error(`the sandbox has no seller ${n}`)
  return found
}
const accounts = async (line: string, stdin?: string, env: Record<string, string> = {}) => {
  const ran = await command({ ...it_.env, ...env }, `accounts ${line}`, stdin)
  printed.push(ran.out, ran.err)
  return ran
}
const start = (line: string): Running => begin(it_.env, `accounts ${line}`.split(' '))
const linkIn = (running: Running) => until(() => Promise.resolve(/^https?:\/\/.*$/m.exec(running.out())?.[0]), { what: 'the link' })
const tokenOf = (n = 0) => it_.sandbox.commerce.printify.tokens.of(seller(n))

async function connect(line: string) {
  const running = start(line)
  const page = await it_.follow(await linkIn(running))
  const ran = await running.ended
  printed.push(page.text, ran.err)
  return { page, ...ran }
}

test('a person connects three platforms, lists, checks and removes them', async () => {
  const etsy = `etsy/${seller().shops.etsy.id}`
  const shopify = `shopify/${domainOf(seller())}`
  it_.sandbox.commerce.shopify.access.withhold(seller(), ['read_all_orders'])
  expect(await connect('connect etsy alice')).toMatchObject({
    code: 0,
    out: expect.stringContaining(`${etsy} is connected`),
    page: { status: 200 },
  })
  const second = await connect(`connect shopify alice --shop ${domainOf(seller())}`)
  expect(second).toMatchObject({ code: 0, out: expect.stringContaining(`${shopify} is connected`) })
  expect(second.out).toContain('only the orders of the last 60 days')
  const third = await accounts('add printify alice', `${tokenOf()}\n`)
  expect(third).toMatchObject({ code: 0, err: '' })
  expect(third.out).toMatch(/printify\/\d+ is connected[\s\S]*printify\/\d+ is connected/)
  expect(third.out).toContain('add it again with --currency')
  expect((await accounts('add printify alice --currency usd', tokenOf())).out).not.toContain('--currency')

  const list = await accounts('list alice')
  expect(list.out.split('\n')).toHaveLength(5)
  expect(list.out).toMatch(new RegExp(`^alice +${etsy} .* connected +transactions_r listings_r shops_r$`, 'm'))
  const checked = await accounts('check alice --json')
  expect(checked.code).toBe(0)
  expect(JSON.parse(checked.out).map(({ works }: { works: boolean }) => works)).toEqual([true, true, true, true])

  // A changed password ends all tokens of one account.
  it_.sandbox.commerce.etsy.access.revoke(0)
  const dead = await accounts('check alice')
  expect(dead).toMatchObject({ code: 1, out: expect.stringMatching(new RegExp(`^${etsy} +must be connected again`, 'm')) })
  expect((await accounts('list alice')).out).toMatch(/must be connected again .*revoked/)
  expect(await connect('connect etsy alice')).toMatchObject({ code: 0 })
  expect(await accounts(`check alice ${etsy}`)).toMatchObject({ code: 0, out: expect.stringContaining('works') })

  // The shops of one Printify account share its token, which the last one takes with it.
  const stored = async () =>
    (await it_.served.service.db.query(`select 1 from backhaul.credentials where id like 'printify/alice/%'`)).length
  const [one, other] = JSON.parse((await accounts('list alice --json')).out)
    .map(({ account }: { account: string }) => account)
    .filter((account: string) => account.startsWith('printify/'))
  expect(await accounts(`remove alice ${one}`)).toMatchObject({ code: 0, out: expect.stringContaining(`${one} is removed`) })
  expect(await stored()).toBe(1)
  expect((await accounts(`check alice ${other}`)).code).toBe(0)
  expect((await accounts(`remove alice ${other}`)).code).toBe(0)
  expect(await stored()).toBe(0)
  expect(await accounts(`remove alice ${other}`)).toMatchObject({ code: 1, err: expect.stringContaining('was removed already') })
  expect(await accounts(`check alice ${other}`)).toMatchObject({ code: 1, out: expect.stringContaining('removed') })
})

test('a command that waits says why nothing was connected', async () => {
  it_.sandbox.fault({ name: 'etsy-consent-denied', times: 1 })
  expect(await connect('connect etsy bob')).toMatchObject({ code: 1, err: expect.stringContaining('the access was not allowed') })
  it_.sandbox.fault({ name: 'status', status: 503, match: 'oauth/token', times: 9 })
  expect(await connect('connect etsy bob')).toMatchObject({ code: 1, err: expect.stringContaining('try again later') })
  it_.sandbox.reset()
})

test('Ctrl-C ends the waiting, not the link', async () => {
  const running = start('connect etsy carol --json')
  await until(async () => running.err().includes('Waiting until'))
  running.interrupt()
  expect(await running.ended).toMatchObject({ code: 130, out: '', err: expect.stringContaining('it still works until') })
  // Its output is the link, which holds the state.
  const { code, out } = await command(it_.env, 'accounts connect etsy carol --no-wait --json')
  expect(code).toBe(0)
  expect((await it_.follow(JSON.parse(out).url)).status).toBe(200)
  expect((await accounts('list carol')).out).toContain('connected')
})

test.each([
  ['list nobody', '', 2, 'There is no user nobody'],
  ['check nobody', '', 2, 'There is no user nobody'],
  ['remove nobody etsy/1', '', 2, 'There is no user nobody'],
  ['remove alice etsy/1', '', 2, 'User alice has no account etsy/1'],
  ['connect ebay alice', '', 2, 'There is no platform "ebay"'],
  ['connect shopify alice', '', 2, 'shop is missing'],
  ['connect shopify alice --shop evil.example.com', '', 2, 'must be the address of a Shopify shop'],
  ['connect etsy a/b', '', 2, 'must consist of letters'],
  ['add etsy alice', '', 2, 'yarn accounts connect etsy alice'],
  ['add printify alice', '', 2, 'No token was entered'],
  ['add printify alice', 'two words', 2, 'one line without spaces'],
  ['add printify alice', 'not-a-token-of-printify', 2, 'Printify does not accept this token'],
  ['add shopify alice --shop shopify-shop-0', 'shpat_0123456789', 2, 'Shopify does not accept this token for shopify-shop-0'],
  ['add shopify alice --shop example', 'shpss_0123456789', 2, 'the secret of an app'],
  ['add printify alice --currency dollars', 'x', 2, 'must be a code of ISO 4217'],
  ['add shopify alice --shop example --currency USD', 'shpat_1', 2, 'which tells it itself'],
  ['add shopify alice --shop example', 'nonsense', 2, 'no access token of Shopify'],
  ['plan alice gold', '', 2, 'must be one of free, pro, business'],
])('accounts %s: one sentence', async (line, stdin, code, says) => {
  const ran = await accounts(line, stdin)
  expect([ran.code, ran.err.split('\n').length, ran.err]).toEqual([code, 1, expect.stringContaining(says)])
})

test('a plan may come before the first account, and the answer tells that there is none', async () => {
  const none = '; no account of newcomer is connected yet: check the id, or connect one with yarn accounts connect'
  const ran = await accounts('plan newcomer pro')
  expect([ran.code, ran.out]).toEqual([0, expect.stringContaining(`user newcomer has the plan pro, from the next job on${none}`)])
  await accounts('add printify newcomer --currency USD', tokenOf())
  expect((await accounts('plan newcomer free')).out).not.toContain('no account')
  expect(JSON.parse((await accounts('plan newcomer pro --json')).out)).toEqual({ userId: 'newcomer', plan: 'pro', accounts: 2 })
})

test('a dry run tells what is read, as much of it as the last backfill found, and why the rest is not known', async () => {
  await accounts('add printify foretold --currency USD', tokenOf())
  const dry = async (rest = '') => await command(it_.env, `queue commerce foretold --dry-run ${rest}`)
  const first = await dry()
  expect(first.out).toMatch(/^orders of printify\/\d+ +yes$/m)
  expect(first.out).toMatch(/^printify +unknown/m)
  expect(first.out).toContain('Note: how much there is of what was never read is known once its first page is read.')
  await it_.served.service.db.query(
    `insert into commerce.sync_jobs (user_id, account_id, platform, entity, job_type, status, priority, found, job_id)
     select user_id, id, 'printify', e.name, 'backfill', 'completed', 1, e.found, gen_random_uuid()
       from commerce.accounts, (values ('orders', 1234), ('products', 50)) e(name, found) where user_id = 'foretold'`,
  )
  const second = await dry()
  expect(second.out).toMatch(/^orders of printify\/\d+ +yes +1,234$/m)
  // Of each shop 124 pages of orders, the first of them again, one of products and the names of print providers.
  expect(second.out).toMatch(/^printify +254 /m)
  expect(second.out).toContain('Note: records and requests are by what the last backfill found.')
  expect(JSON.parse((await dry('--json')).out)).toMatchObject({ jobs: [{ requests: { printify: 254 } }], leastMs: 0 })
})

test('a request for a backfill that is active says what it added', async () => {
  await accounts('add printify twice --currency USD', tokenOf())
  const queue = (rest: string) => command(it_.env, `queue commerce twice ${rest}`)
  expect((await queue('--entity orders')).code).toBe(0)
  const again = await queue('')
  expect(again.out).toMatch(
    /is already queued for backfill:twice.*; added to it: products of printify\/\d+, products of printify\/\d+; --force/,
  )
  expect((await queue('')).out).not.toContain('added')
  expect(JSON.parse((await queue('--json')).out)).toMatchObject({ jobs: [{ created: false, added: [] }] })
})

test.each([
  ['nobody', 'No account of user nobody is connected'],
  ['alice --platform ebay', 'must be one of etsy, shopify, printify'],
  ['alice --entity refunds', 'must be one of orders, listings'],
  ['alice --entity customers --platform etsy', 'etsy have no customers'],
  ['alice --since yesterday', 'must be a span like 2y, 18m or 90d'],
  ['a/b', 'must consist of letters'],
])('queue commerce %s: one sentence, and nothing is queued', async (line, says) => {
  const ran = await command(it_.env, `queue commerce ${line}`)
  expect([ran.code, ran.err.split('\n').length, ran.err]).toEqual([2, 1, expect.stringContaining(says)])
})

test.each([
  ['TOKEN_KEY', 'connect etsy alice', 'TOKEN_KEY is not set'],
  ['ETSY_SHARED_SECRET', 'connect etsy alice', 'ETSY_SHARED_SECRET is not set'],
  ['SHOPIFY_CLIENT_ID', 'connect shopify alice --shop example', 'SHOPIFY_CLIENT_ID is not set'],
  ['PRINTIFY_APP_ID', 'connect printify alice', 'PRINTIFY_APP_ID is not set'],
  ['TOKEN_KEY', 'add printify alice', 'TOKEN_KEY is not set'],
])('without %s: accounts %s says what to set', async (name, line, says) => {
  const ran = await accounts(line, tokenOf(), { [name]: '' })
  expect([ran.code, ran.err]).toEqual([78, expect.stringContaining(says)])
})

test("an app of the shop's own needs no token", async () => {
  const shop = domainOf(seller(1))
  expect(await accounts(`add shopify own --shop ${shop} --own-app`)).toMatchObject({
    code: 0,
    out: expect.stringContaining(`shopify/${shop} is connected`),
  })
  expect((await accounts('check own')).code).toBe(0)
  expect(await accounts('add printify own --own-app')).toMatchObject({ code: 2, err: expect.stringContaining("no apps of a shop's own") })
})

test('an account of another user is not removed', async () => {
  const [{ account, id }] = JSON.parse((await accounts('list carol --json')).out)
  await connect(`connect shopify dora --shop ${domainOf(seller(1))}`)
  expect(await accounts(`remove dora ${account}`)).toMatchObject({
    code: 2,
    err: expect.stringContaining(`User dora has no account ${account}`),
  })
  expect(await accounts(`remove dora ${id}`)).toMatchObject({ code: 2 })
  expect((await accounts('list carol')).out).toContain('connected')
})

test('the doctor names accounts that need a person, and what they lack', async () => {
  it_.sandbox.commerce.shopify.access.revoke(seller(1))
  expect((await accounts('check dora')).code).toBe(1)
  const ran = await command({ ...it_.env, ETSY_SHARED_SECRET: '' }, 'doctor --json')
  const found = JSON.parse(ran.out).findings.filter(({ check }: { check: string }) => check === 'accounts')
  expect(found.map(({ state, text }: { state: string; text: string }) => `${state} ${text}`)).toEqual([
    expect.stringMatching(/^ok \d+ accounts connected$/),
    expect.stringMatching(/^warning ETSY_SHARED_SECRET is not set/),
    expect.stringMatching(/^warning shopify\/.* of user dora must be connected again/),
  ])
  printed.push(ran.out)
})

test('no token, code, state or secret is in a table, a log line or an answer', async () => {
  const { db } = it_.served.service
  const tables = await db.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
  )
  const rows = await Promise.all(tables.map(({ name }) => db.query<{ row: string }>(`select t::text as row from ${name} t`)))
  const users = await it_.served.ask('GET', '/api/commerce/users/alice', undefined, { authorization: `Bearer ${it_.env.ADMIN_TOKEN}` })
  const gates = await it_.served.ask('GET', '/api/gates', undefined, { authorization: `Bearer ${it_.env.ADMIN_TOKEN}` })
  const told = [...it_.logged, ...printed, JSON.stringify([users.body, gates.body]), ...rows.flat().map(({ row }) => row)].join('\n')
  const secrets = [...(await it_.secrets()), tokenOf(), 'not-a-token-of-printify', 'shpss_0123456789']
  expect(told.length).toBeGreaterThan(10_000)
  expect(secrets.length).toBeGreaterThan(15)
  expect(secrets.filter((secret) => told.includes(secret))).toEqual([])
})
