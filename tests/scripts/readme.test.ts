import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startSandbox } from '../../backend/sandbox/server'
import { withCurl } from '../support/own'
import { freePort } from '../support/run'
import { type Sandbox, type System, system } from '../support/system'

/*
 * The README's section on the service: its commands are run one after the other in one shell, and each answer must be the
 * one shown but for ids and moments.
 */

const README = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8')
const section = README.split(/^## /m).find((part) => part.startsWith('Run it like a service')) ?? ''
const examples = [...section.matchAll(/^```sh\n([\s\S]*?)^```\n(?:```json\n([\s\S]*?)^```)?/gm)].map(([, command = '', answer = '']) => ({
  command,
  answer,
}))

const MARK = '=== next ==='
const plain = (text: string): string =>
  text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<moment>')
    .replace(/\b(job|Job) [0-9a-f]{8}\b/g, '$1 <short id>')
    .replace(/\}\s*\{/g, '}\n{')
    .trim()

let sandbox: Sandbox
let it: System
let port: number
const folder = mkdtempSync(join(tmpdir(), 'readme-'))

beforeAll(async () => {
  sandbox = await startSandbox({ scale: 3000, speed: 20, oddities: false })
  port = await freePort()
  it = await system({ sandbox, env: { API_PORT: String(port), METRICS_PORT: String(await freePort()) } })
  await Promise.all([it.scheduler(), it.worker('worker-backfill'), it.start('dist/backend/bin/api.js')])
}, 60_000)
afterAll(async () => {
  await it?.close()
  await sandbox?.close()
  rmSync(folder, { recursive: true, force: true })
})

withCurl(
  'the examples of the README do what it says',
  async () => {
    expect(examples.length).toBeGreaterThan(4)
    const script = examples.map(({ command }) => `${command}\nprintf '\\n%s\\n' '${MARK}'`).join('\n')
    const { stdout } = await promisify(execFile)('bash', ['-uc', script.replaceAll('127.0.0.1:3000', `127.0.0.1:${port}`)], { cwd: folder })
    const answers = stdout.split(MARK)
    for (const [n, { answer }] of examples.entries()) expect(plain(answers[n] ?? '')).toBe(plain(answer))
  },
  60_000,
)
