import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { copyCheckout } from '../support/checkout'

/* What the shell scripts and the processes make of one .env, in a copy of the checkout. */

const URL_THERE = 'postgresql://u:p%23x@db.example.org/history?sslmode=require'
const BROKER_THERE = 'amqps://mq.example.org/vhost'
let checkout: ReturnType<typeof copyCheckout>
let file: string

beforeAll(() => {
  checkout = copyCheckout()
  file = join(checkout.folder, '.env')
})
afterAll(() => checkout.remove())
afterEach(() => rmSync(file, { recursive: true, force: true }))

const plain = { PATH: process.env.PATH ?? '' }
const run = (command: string, args: string[], env: Record<string, string> = {}) => {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: checkout.folder,
    env: { ...plain, ...env },
    // With a socket as its input bash reads the files of an interactive shell.
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  })
  return { status, out: stdout.trim(), err: stderr.trim() }
}
const shell = (line: string, env?: Record<string, string>) =>
  run('bash', ['-euc', `. scripts/lib/common.sh; . scripts/lib/postgres.sh; . scripts/lib/rabbitmq.sh; ${line}`], env)
const found = (env?: Record<string, string>) =>
  shell('find_postgres >/dev/null; find_rabbitmq >/dev/null; printf "%s %s" "$DATABASE_URL" "$RABBITMQ_URL"', env)
const used = (env?: Record<string, string>) =>
  run(
    process.execPath,
    ['-p', 'const it = require("./dist/backend/config/config").readConfig([]); it.databaseUrl + " " + it.rabbitmqUrl'],
    env,
  )

const WAYS: [what: string, text: string | Buffer][] = [
  ['plain', `DATABASE_URL=${URL_THERE}\nRABBITMQ_URL=${BROKER_THERE}\n`],
  ['exported', `export DATABASE_URL=${URL_THERE}\n  export  RABBITMQ_URL=${BROKER_THERE}`],
  ['with spaces and comments', `DATABASE_URL = ${URL_THERE}  # the real one\nRABBITMQ_URL: ${BROKER_THERE}\n`],
  ['with a byte order mark and line ends of Windows', `\uFEFFDATABASE_URL="${URL_THERE}"\r\nRABBITMQ_URL='${BROKER_THERE}' # vhost\r\n`],
  ['twice', `DATABASE_URL=postgresql://first\nDATABASE_URL=\`${URL_THERE}\`\n#RABBITMQ_URL=amqp://no\nRABBITMQ_URL=${BROKER_THERE}\n`],
]

test.each(WAYS)('set-up and the processes read the same: %s', (_, text) => {
  writeFileSync(file, text)
  expect(used()).toEqual({ status: 0, out: `${URL_THERE} ${BROKER_THERE}`, err: '' })
  expect(found()).toEqual({ status: 0, out: `${URL_THERE} ${BROKER_THERE}`, err: '' })
})

test('what .env names is used though it does not answer, and nothing is put in its place', () => {
  const out = 'postgresql://someone@127.0.0.1:1/history amqp://guest:guest@127.0.0.1:1/vhost'
  const [database, broker] = out.split(' ')
  writeFileSync(file, `DATABASE_URL=${database}\nRABBITMQ_URL=${broker}\n`)
  expect(found()).toEqual({ status: 0, out, err: '' })
  writeFileSync(file, 'DATABASE_URL=postgresql://backhaul:backhaul@127.0.0.1:1/backhaul\nRABBITMQ_URL=amqp://guest:guest@127.0.0.1:1\n')
  const provides = 'probe() { echo down; }; provide_postgres() { echo provides; exit; }; provide_rabbitmq() { echo provides; exit; }'
  expect(shell(`${provides}; find_postgres`).out).toBe('provides')
  expect(shell(`${provides}; find_rabbitmq`).out).toBe('provides')
})

test('the environment wins, also without a value', () => {
  writeFileSync(file, `DATABASE_URL=${URL_THERE}\nRABBITMQ_URL=${BROKER_THERE}\n`)
  const env = { DATABASE_URL: 'postgresql://other.example.org/x', RABBITMQ_URL: '' }
  const out = 'postgresql://other.example.org/x amqp://guest:guest@127.0.0.1:5672'
  expect(used(env)).toMatchObject({ status: 0, out })
  expect(
    shell('probe() { echo ok; }; find_postgres >/dev/null; find_rabbitmq >/dev/null; echo "$DATABASE_URL $RABBITMQ_URL"', env),
  ).toMatchObject({
    status: 0,
    out,
  })
})

const UNREADABLE: [what: string, make: () => void, sentence: RegExp][] = [
  ['UTF-16', () => writeFileSync(file, `\uFEFFDATABASE_URL=${URL_THERE}`, 'utf16le'), /\.env is not text in UTF-8 .*: save it as UTF-8\.$/],
  ['UTF-16 without a mark', () => writeFileSync(file, `DATABASE_URL=${URL_THERE}`, 'utf16le'), /\.env is not text in UTF-8/],
  ['Latin-1', () => writeFileSync(file, 'CONTACT=Zoë', 'latin1'), /\.env is not text in UTF-8/],
  ['a folder', () => mkdirSync(file), /\.env cannot be read \(EISDIR.*\): let this user read it, or remove it\.$/],
]

test.each(UNREADABLE)('one that cannot be read ends everything with 78 and a sentence: %s', (_, make, sentence) => {
  make()
  for (const ran of [
    found(),
    run(process.execPath, ['dist/scripts/jobs.js', 'list']),
    run(process.execPath, ['dist/scripts/migrate.js']),
    run(process.execPath, ['dist/scripts/topology.js']),
  ]) {
    expect(ran).toEqual({ status: 78, out: '', err: expect.stringMatching(sentence) })
    expect(ran.err.split('\n')).toHaveLength(1)
  }
  expect(run(process.execPath, ['dist/scripts/doctor.js'])).toMatchObject({
    status: 1,
    out: expect.stringMatching(/FAULT +settings .*\.env/),
  })
  const worker = run(process.execPath, ['dist/backend/bin/worker.js', 'worker-backfill'])
  expect(worker).toMatchObject({ status: 78, out: expect.stringMatching(sentence) })
})

test('what Node reads before any program runs is refused there', () => {
  writeFileSync(file, 'NODE_EXTRA_CA_CERTS=/etc/ssl/ours.pem\n')
  expect(run(process.execPath, ['dist/scripts/jobs.js', 'list'])).toMatchObject({
    status: 78,
    err: expect.stringMatching(/^NODE_EXTRA_CA_CERTS has no effect in .*\.env.* export it/),
  })
  expect(used({ NODE_EXTRA_CA_CERTS: '' })).toMatchObject({ status: 0 })
})

test.each([
  ['plain', 'postgresql://u:p@h/d'],
  ['a number sign', 'postgresql:///d?host=/a#b'],
  ['quotes', `postgresql://u:'"@h/d #x`],
])('what is written is read back, by its owner only: %s', (_, value) => {
  expect(
    shell('node scripts/lib/env-file.js put .env .env.example DATABASE_URL RABBITMQ_URL && setting DATABASE_URL', {
      DATABASE_URL: value,
      RABBITMQ_URL: '$&',
    }),
  ).toEqual({ status: 0, out: value, err: '' })
  expect(shell('setting RABBITMQ_URL').out).toBe('$&')
  expect(shell('setting CONTACT').out).toBe('')
  expect(readFileSync(file, 'utf8')).toContain('# LOG_LEVEL=info')
  expect(statSync(file).mode & 0o777).toBe(0o600)
})
