import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { copyCheckout } from '../support/checkout'
import { testEnv } from '../support/env'

const root = join(__dirname, '..', '..')
const shell = [
  'scripts/setup',
  'scripts/demo',
  'scripts/test',
  '.ci/run',
  ...readdirSync(join(root, 'scripts/lib'))
    .filter((f) => f.endsWith('.sh'))
    .map((f) => `scripts/lib/${f}`),
]

test.each(shell)('%s parses', (file) => {
  expect(spawnSync('bash', ['-n', join(root, file)], { encoding: 'utf8' }).stderr).toBe('')
})

describe('the closing line of a test run', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'backhaul-summary-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const summary = (results: object) => {
    const file = join(folder, 'jest.json')
    writeFileSync(
      file,
      JSON.stringify({
        numFailedTests: 0,
        numPassedTests: 0,
        numPendingTests: 0,
        numRuntimeErrorTestSuites: 0,
        success: true,
        testResults: [],
        ...results,
      }),
    )
    return closing(file)
  }
  const closing = (file: string) => {
    const done = spawnSync(process.execPath, [join(root, 'scripts/lib/summary.js'), file], { encoding: 'utf8' })
    return { status: done.status, line: done.stdout.trim().split('\n').pop() }
  }

  test('passes only when something ran and all of it passed', () => {
    expect(summary({ numPassedTests: 3 })).toEqual({ status: 0, line: '3 passed, 0 failed' })
    expect(summary({ numPassedTests: 3, numFailedTests: 1, success: false })).toEqual({ status: 1, line: '3 passed, 1 failed' })
    expect(summary({})).toEqual({ status: 1, line: '0 passed, 0 failed' })
  })

  test('counts a file that does not load as failed', () => {
    expect(summary({ numPassedTests: 3, numRuntimeErrorTestSuites: 1, success: false })).toEqual({ status: 1, line: '3 passed, 1 failed' })
  })

  test('fails when the runner left nothing', () => {
    expect(closing(join(folder, 'none.json')).status).toBe(1)
  })
})

test('the stamp follows the contents of files and nothing else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'backhaul-stamp-'))
  const stamp = () => execFileSync(process.execPath, [join(root, 'scripts/lib/stamp.js'), folder], { encoding: 'utf8' })
  writeFileSync(join(folder, 'a'), 'one')
  const first = stamp()
  writeFileSync(join(folder, 'a'), 'one')
  expect(stamp()).toBe(first)
  writeFileSync(join(folder, 'a'), 'two')
  expect(stamp()).not.toBe(first)
  rmSync(folder, { recursive: true })
})

test('the PM2 file says what to do when nothing is built', () => {
  const folder = mkdtempSync(join(tmpdir(), 'backhaul-pm2-'))
  writeFileSync(join(folder, 'ecosystem.config.js'), readFileSync(join(root, 'ecosystem.config.js')))
  const done = spawnSync(process.execPath, ['-e', `require(${JSON.stringify(join(folder, 'ecosystem.config.js'))})`], { encoding: 'utf8' })
  expect(done.stderr).toContain('Backhaul is not built: run ./scripts/setup')
  rmSync(folder, { recursive: true })
})

test('the PM2 file has an app for each worker of the registry, the scheduler and the API, all in fork mode', () => {
  const text = execFileSync(process.execPath, ['-p', 'JSON.stringify(require("./ecosystem.config.js").apps)'], {
    cwd: root,
    encoding: 'utf8',
  })
  const apps = JSON.parse(text) as { name: string; args: string[]; exec_mode: string; kill_timeout: number; env?: object }[]
  const eve = [
    'worker-backfill',
    'worker-zkillboard',
    'worker-esi-character',
    'worker-esi-corporation',
    'worker-esi-alliance',
    'worker-esi-type',
  ]
  expect(apps.map(({ name }) => name)).toEqual(expect.arrayContaining([...eve, 'scheduler', 'api']))
  for (const app of apps) {
    expect(app).toMatchObject({ exec_mode: 'fork', wait_ready: true, stop_exit_codes: [78], env_production: { LOG_FORMAT: 'json' } })
    expect(app.kill_timeout).toBeGreaterThan(20_000)
    expect(app.args).toEqual(['scheduler', 'api'].includes(app.name) ? [] : [app.name])
  }
})

test('under a path with a space and a quote PM2 starts the compiled script itself', async () => {
  const checkout = copyCheckout()
  const services = await testEnv()
  const home = mkdtempSync(join(tmpdir(), 'pm2 home '))
  const authority = join(home, 'authority.pem')
  writeFileSync(authority, rootCertificates[0] ?? '')
  const pm2 = (...args: string[]) =>
    spawnSync(join(root, 'node_modules/.bin/pm2'), args, {
      cwd: tmpdir(),
      env: {
        PATH: process.env.PATH ?? '',
        PM2_HOME: home,
        NODE_EXTRA_CA_CERTS: authority,
        DATABASE_URL: services.databaseUrl,
        RABBITMQ_URL: services.rabbitmqUrl,
      },
      encoding: 'utf8',
    })
  try {
    const started = pm2('start', '--silent', join(checkout.folder, 'ecosystem.config.js'), '--only', 'scheduler')
    expect(started).toMatchObject({ status: 0, stderr: '' })
    const [app] = JSON.parse(pm2('jlist', '--silent').stdout) as { pm2_env: Record<string, unknown> }[]
    expect(app?.pm2_env).toMatchObject({
      status: 'online',
      pm_exec_path: join(checkout.folder, 'dist/backend/bin/scheduler.js'),
      restart_time: 0,
      NODE_EXTRA_CA_CERTS: authority,
    })
  } finally {
    pm2('kill')
    rmSync(home, { recursive: true })
    checkout.remove()
    await services.close()
  }
}, 120_000)

describe('the packages', () => {
  let folder: string
  let bin: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "backhaul's packages "))
    bin = join(folder, 'bin')
    cpSync(join(root, 'scripts'), join(folder, 'scripts'), { recursive: true })
    mkdirSync(bin)
    mkdirSync(join(folder, '.backhaul'))
    // As yarn 1 notes what it installed.
    const yarn = `#!/bin/sh
[ "$1" != --version ] || { echo 1.22.22; exit; }
mkdir -p node_modules
case " $* " in *' --production=false '*) echo all ;; *) echo "\${NODE_ENV:-all}" ;; esac >node_modules/.yarn-integrity`
    writeFileSync(join(bin, 'yarn'), yarn, { mode: 0o755 })
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const install = (env: Record<string, string> = {}) => {
    const line = '. scripts/lib/common.sh; . scripts/lib/packages.sh; once packages; install_packages; cat node_modules/.yarn-integrity'
    const path = `${bin}:${process.env.PATH}`
    return execFileSync('bash', ['-euc', line], {
      cwd: folder,
      env: { PATH: path, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    }).toString()
  }

  test('are all installed, whatever NODE_ENV says, once, and again when somebody installed otherwise', () => {
    expect(install({ NODE_ENV: 'production' })).toBe('Packages: installing.\nall\n')
    expect(install()).toBe('Packages: up to date.\nall\n')
    writeFileSync(join(folder, 'node_modules/.yarn-integrity'), 'production\n')
    expect(install()).toBe('Packages: installing.\nall\n')
    mkdirSync(join(folder, 'node_modules/typescript'))
    expect(install()).toBe('Packages: installing.\nall\n')
    rmSync(join(folder, 'node_modules/typescript'), { recursive: true })
    expect(install()).toBe('Packages: installing.\nall\n')
    expect(install()).toBe('Packages: up to date.\nall\n')
    expect(readdirSync(join(folder, '.backhaul'))).toEqual(['yarn.log'])
  })
})
