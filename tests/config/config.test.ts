import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { baseUrlOf, requireAccess } from '../../backend/config/apis'
import { listSettings, readConfig, settingsReader } from '../../backend/config/config'
import { type Api, baseUrl, defaultsOf, type Settings } from '../../backend/contract'
import { sources } from '../../backend/sources'

const settings = {
  TOY_URL: { schema: baseUrl('https://toy.example/v1'), about: 'Base URL of the toy.' },
  TOY_SIZE: { schema: z.coerce.number().int().default(3), about: 'Size of the toy.' },
  TOY_KEY: { schema: z.string().min(8, 'must not be "guess"').optional(), about: 'Key of the toy.', secret: true },
} satisfies Settings
const toy = { settings }

test('a source reads the settings it declares, and no others', () => {
  const config = readConfig([toy, ...sources], { TOY_URL: 'http://127.0.0.1:1/', TOY_KEY: 'long enough', ADMIN_TOKEN: 'x'.repeat(16) })
  const read = settingsReader(config)
  expect(read(toy)).toEqual({ TOY_URL: 'http://127.0.0.1:1', TOY_SIZE: 3, TOY_KEY: 'long enough' })
  expect(read({})).toEqual({})
  expect(() => settingsReader(readConfig([], {}))(toy)).toThrow('TOY_URL')
})

test('what is not set, or set to nothing, has its default', () => {
  expect(defaultsOf(toy)).toEqual({ TOY_URL: 'https://toy.example/v1', TOY_SIZE: 3, TOY_KEY: undefined })
  expect(settingsReader(readConfig([toy], { TOY_SIZE: '', TOY_KEY: '' }))(toy)).toEqual(defaultsOf(toy))
})

test('one sentence names every fault of the suite and of its sources, without secrets', () => {
  const read = () => readConfig([toy], { TOY_URL: 'ftp://x', TOY_SIZE: 'big', TOY_KEY: 'guess', API_PORT: '0' })
  expect(read).toThrow(/^Invalid settings: API_PORT .*; TOY_URL must be a URL .*; TOY_SIZE .*; TOY_KEY must not be "\*\*\*"\. See/)
})

test('people see what is set, without secrets and passwords', () => {
  const env = {
    TOY_URL: 'https://me:hidden@toy.example',
    TOY_KEY: 'hidden key',
    DATABASE_URL: 'postgresql://me:hidden@host/name',
    OTHER: 'x',
  }
  const listed = listSettings([toy], env)
  expect(JSON.stringify(listed)).not.toContain('hidden')
  expect(listed.filter(({ text }) => text !== undefined).map(({ name, text }) => `${name}=${text}`)).toEqual([
    'DATABASE_URL=***',
    'TOY_URL=https://***@toy.example',
    'TOY_KEY=***',
  ])
})

test('an API is asked at its mock while a setting says so, unless another address is set', () => {
  const mocked = { ...settings, TOY_MOCK: { schema: z.stringbool().default(false), about: 'Reads the toy of the sandbox.' } }
  const url = { setting: 'TOY_URL', mock: { setting: 'TOY_MOCK', of: 'https://toy.example/v1', url: 'http://127.0.0.1:2/toy' } }
  const at = (env: Record<string, string>) => baseUrlOf({ url }, readConfig([{ settings: mocked }], env))
  expect(at({})).toBe('https://toy.example/v1')
  expect(at({ TOY_MOCK: 'true' })).toBe('http://127.0.0.1:2/toy')
  expect(at({ TOY_MOCK: 'true', TOY_URL: 'http://127.0.0.1:3' })).toBe('http://127.0.0.1:3')
  const source = { settings: mocked, apis: { toy: { url, limit: { scope: 'ip' as const } } } }
  // Nobody has to say who asks a mock.
  expect(() => requireAccess(source, readConfig([source], { TOY_MOCK: 'true' }))).not.toThrow()
  expect(() => requireAccess(source, readConfig([source], {}))).toThrow('CONTACT is not set')
})

test('no source starts while CONTACT or a credential is missing', () => {
  const api: Api = {
    url: { setting: 'TOY_URL' },
    limit: { scope: 'ip' },
    credential: { setting: 'TOY_KEY', header: (key) => ({ Key: key }) },
  }
  const source = { settings, apis: { toy: api } }
  const refusal = (env: Record<string, string>) => () => requireAccess(source, readConfig([source], env))
  expect(refusal({ TOY_KEY: 'long enough' })).toThrow(/^CONTACT is not set: toy at https:\/\/toy\.example\/v1 asks/)
  expect(refusal({ CONTACT: 'me@example.org' })).toThrow(/^TOY_KEY is not set: toy at https:\/\/toy\.example\/v1 needs it/)
  expect(refusal({ TOY_URL: 'http://127.0.0.1:1' })).toThrow('TOY_KEY is not set')
  expect(refusal({ TOY_URL: 'http://127.0.0.1:1', TOY_KEY: 'long enough' })).not.toThrow()
})

describe('the documents', () => {
  const root = join(__dirname, '..', '..')
  const listed = listSettings(sources)
  const wordsOf = (text: string) => text.replace(/^# ?/gm, '').replaceAll('`', '').replace(/\s+/g, ' ')

  test('.env.example names every setting with its sentence, nothing else, and works as it is', () => {
    const text = readFileSync(join(root, '.env.example'), 'utf8')
    const lines = [...text.replace(/^# ([A-Z0-9_]+=)/gm, '$1').matchAll(/^([A-Z0-9_]+)='?(.*?)'?$/gm)]
    expect(lines.map(([, name]) => name).sort()).toEqual(listed.map(({ name }) => name).sort())
    const paragraphs = text.split('\n\n')
    for (const { name, about } of listed)
      expect(wordsOf(paragraphs.find((one) => new RegExp(`^(# )?${name}=`, 'm').test(one)) ?? '')).toContain(wordsOf(about))
    const env = Object.fromEntries(lines.map(([, name, value]) => [name, value]))
    expect(readConfig(sources, env)).toEqual({ ...readConfig(sources, {}), limits: { zkillboard: { spacingMs: 10_000 } } })
  })

  test('the table of the README is the one that the declarations give', () => {
    const none = (value: unknown) => value === undefined || value === '' || JSON.stringify(value) === '{}'
    const textOf = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value))
    const rows = listed.map((it) => `| \`${it.name}\` | ${none(it.default) ? 'none' : `\`${textOf(it.default)}\``} | ${it.about} |`)
    const table = /^\| name \| default \| meaning \|\n\| --- \| --- \| --- \|\n((?:\|.*\n)+)/m.exec(
      readFileSync(join(root, 'README.md'), 'utf8'),
    )
    expect(table?.[1]?.trim().split('\n')).toEqual(rows)
  })
})
