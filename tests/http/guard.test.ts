import type { lookup } from 'node:dns'
import fc from 'fast-check'
import { redact, secretsOf } from '../../backend/base/redact'
import { guardedLookup, guardedUrl, isPublic } from '../../backend/http/guard'
import { readHeaders } from '../../backend/http/headers'

describe('addresses', () => {
  test.each(['8.8.8.8', '1.1.1.1', '172.15.255.255', '172.32.0.1', '100.63.255.255', '2606:4700:4700::1111', '2a00:1450:4001::1'])(
    '%s is public',
    (address) => expect(isPublic(address)).toBe(true),
  )
  test.each([
    ...[
      '127.0.0.1',
      '10.0.0.1',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.0.1',
      '169.254.169.254',
      '100.64.0.1',
      '0.0.0.0',
      '255.255.255.255',
    ],
    ...['::1', '::', 'fe80::1', 'fd00::1', 'ff02::1', '::ffff:10.0.0.1', '::ffff:8.8.8.8', '64:ff9b::a00:1', '2001:db8::1', '2002:a00:1::'],
    ...['224.0.0.1', 'no address', ''],
  ])('%s is not', (address) => expect(isPublic(address)).toBe(false))
  test('no address of a private network is public', () => {
    const byte = fc.integer({ min: 0, max: 255 })
    fc.assert(
      fc.property(byte, byte, byte, (a, b, c) => {
        const inside = [
          `10.${a}.${b}.${c}`,
          `127.${a}.${b}.${c}`,
          `192.168.${a}.${b}`,
          `169.254.${a}.${b}`,
          `172.${16 + (a % 16)}.${b}.${c}`,
        ]
        return inside.every((one) => !isPublic(one) && !isPublic(`::ffff:${one}`))
      }),
    )
  })
})

describe('URLs from data', () => {
  test('a public https URL passes', () => {
    expect(guardedUrl('https://pds.example/xrpc/x?y=1').href).toBe('https://pds.example/xrpc/x?y=1')
  })
  test.each([
    ['http://pds.example/', /not https/],
    ['ftp://pds.example/', /not https/],
    ['file:///etc/passwd', /not https/],
    ['https://me:pw@pds.example/', /credentials/],
    ['https://127.0.0.1/', /not a public address/],
    ['https://2130706433/', /not a public address/],
    ['https://0x7f.1/', /not a public address/],
    ['https://[::1]/', /not a public address/],
    ['https://[::ffff:127.0.0.1]/', /not a public address/],
    ['https://localhost/', /not a public address/],
    ['https://db.internal/', /not a public address/],
    ['nonsense', /not a URL/],
  ])('%s does not', (text, why) => {
    expect(() => guardedUrl(text)).toThrow(why)
  })
  test('its credentials are in no error', () => {
    expect(() => guardedUrl('https://me:hunter2@pds.example/')).toThrow(/^(?!.*hunter2)/)
  })
  test('private hosts may be allowed', () => {
    expect(guardedUrl('http://127.0.0.1:2583/', { allowPrivate: true }).port).toBe('2583')
  })
})

describe('names from data', () => {
  const answering = (...addresses: string[]) =>
    ((_host: string, _options: object, callback: (error: null, all: { address: string; family: number }[]) => void) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      )) as unknown as typeof lookup
  const resolve = (allowPrivate: boolean, ...addresses: string[]) =>
    new Promise((done) =>
      guardedLookup(allowPrivate, answering(...addresses))('pds.example', { all: false }, (error, address) =>
        done(error?.message ?? address),
      ),
    )
  test('that resolve to public addresses are connected to there', async () => {
    expect(await resolve(false, '8.8.8.8', '8.8.4.4')).toBe('8.8.8.8')
  })
  test('are refused as soon as one address is not public', async () => {
    expect(await resolve(false, '8.8.8.8', '127.0.0.1')).toBe('pds.example resolves to 127.0.0.1, not a public address')
    expect(await resolve(true, '127.0.0.1')).toBe('127.0.0.1')
  })
})

describe('headers', () => {
  const now = Date.parse('2026-11-01T00:00:00Z')
  test('a reset counts only while nothing remains', () => {
    const reset = (left: string | undefined) => readHeaders({ 'ratelimit-remaining': left, 'ratelimit-reset': '40' }, now).reset?.getTime()
    expect(['0', '1', '', 'none', undefined].map(reset)).toEqual([now + 40_000, undefined, undefined, undefined, undefined])
  })

  test('a reset in seconds since 1970 is by the clock of the upstream', () => {
    const reset = (date?: number) =>
      readHeaders(
        {
          'ratelimit-remaining': '0',
          'ratelimit-reset': String((now + 600_000) / 1000 + 30),
          ...(date === undefined ? {} : { date: new Date(date).toUTCString() }),
        },
        now,
      ).reset?.getTime()
    // Its clock is ten minutes ahead: it means half a minute from now.
    expect(reset(now + 600_000)).toBe(now + 30_000)
    expect(reset(now)).toBe(now + 630_000)
    expect(reset()).toBe(now + 630_000)
  })
})

test('a secret is hidden whole, in its parts and as a URL has it', () => {
  const secrets = secretsOf({ 'X-Api-Key': 'keystring1:shared/secret', Authorization: 'Basic dXNlcjpwYXNz' })
  for (const text of ['keystring1:shared/secret', 'keystring1', 'shared/secret', 'shared%2Fsecret', 'dXNlcjpwYXNz'])
    expect(redact(`got <${text}>.`, secrets)).toMatch(/^got <\*\*\*>\.$/)
})

test('secrets are hidden where they stand', () => {
  expect(redact('GET /x?token=abc&page=1 Bearer abcdef12 {"access_token":"zzz"} key is q1w2', ['q1w2'])).toBe(
    'GET /x?token=***&page=1 Bearer *** {"access_token":"***"} key is ***',
  )
})
