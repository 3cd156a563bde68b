import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { count, observe } from '../../backend/base/count'
import { flush } from '../../backend/base/flush-counts'
import { COUNTERS } from '../../backend/base/metric-names'
import { readConfig } from '../../backend/config/config'
import { type Db, openDb } from '../../backend/database/db'
import { exposition } from '../../backend/metrics/exposition'
import { createService } from '../../backend/service/base/context'
import { sources } from '../../backend/sources'
import { openBroker } from '../../queues/broker'
import { openDepths } from '../../queues/depths'
import { declareTopologyAt } from '../../queues/topology'
import { recorder } from '../support/amqp'
import { type TestEnv, testEnv } from '../support/env'
import { promtool, withPromtool } from '../support/own'
import { makeFolder } from '../support/run'

const OPS = join(__dirname, '..', '..', 'ops')
const read = (name: string) => readFileSync(join(OPS, name), 'utf8')

interface Panel {
  id: number
  type: string
  title: string
  description?: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: { expr: string; legendFormat: string; datasource: { uid: string } }[]
  fieldConfig?: { defaults: { unit?: string } }
}
const dashboard = JSON.parse(read('grafana-dashboard.json')) as {
  panels: Panel[]
  templating: { list: { name: string; type: string; definition?: string }[] }
  annotations: { list: { expr?: string }[] }
}
const rules = read('prometheus-alerts.yml')
const charts = dashboard.panels.filter((panel) => panel.type !== 'row')
const expressions = charts.flatMap((panel) => (panel.targets ?? []).map((target) => target.expr))
const named = (text: string) => [...new Set(text.match(/\bbackhaul_\w+/g))].sort()

/** Runs promtool to its end. */
function check(args: string[], input?: string) {
  const { status, stdout, stderr } = spawnSync(promtool ?? 'promtool', args, { cwd: OPS, input, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}
const WELL = { status: 0, output: expect.any(String) }

let env: TestEnv
let db: Db
let scrape: string
let told: Set<string>

/** Every counter has counted, so that every line a scrape can have is there. */
beforeAll(async () => {
  env = await testEnv()
  await declareTopologyAt(env.rabbitmqUrl)
  db = openDb(env.databaseUrl, { name: 'ops' })
  for (const [name, { labels }] of Object.entries(COUNTERS)) {
    count(name as 'backhaul_turns_total', Object.fromEntries(labels.map((label) => [label, 'a "word"\\'])) as { queue: string }, 2)
  }
  observe('backhaul_request_duration_seconds', { api: 'esi' }, 0.3)
  await flush(db)
  const log = recorder()
  const broker = openBroker({ url: env.rabbitmqUrl, name: 'ops', log })
  const depths = openDepths({ url: env.rabbitmqUrl, name: 'ops', log })
  scrape = await exposition(createService({ db, broker, log, sources }, readConfig(sources, { DATABASE_URL: env.databaseUrl }), depths))()
  const types = [...scrape.matchAll(/^# TYPE (\w+) (\w+)$/gm)]
  told = new Set(
    types.flatMap(([, name = '', type]) => (type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name])),
  )
  await Promise.all([depths.close(), broker.close()])
}, 120_000)
afterAll(async () => {
  await db.close()
  await env.close()
})

test('every figure that the dashboard and the rules name is in a scrape, and every one in a scrape is shown', () => {
  const shown = named(JSON.stringify(dashboard))
  expect(shown.filter((name) => !told.has(name))).toEqual([])
  expect(named(rules).filter((name) => !told.has(name))).toEqual([])
  // The counters of sources under their own names; backhaul_counters_total shows them all.
  expect([...told].filter((name) => !shown.includes(name) && !name.startsWith('backfill_'))).toEqual([])
})

test('every alert says what to do and has a test in which it comes', () => {
  const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name)
  const texts = [...rules.matchAll(/^ {10}(summary|description): /gm)]
  expect(texts).toHaveLength(2 * alerts.length)
  const tested = [...read('prometheus-alerts.test.yml').matchAll(/alertname: (\w+)\n\s+exp_alerts:\n/g)].map(([, name]) => name)
  expect([...new Set(tested)].sort()).toEqual([...alerts].sort())
})

test('panels have their own places, a unit, and a sentence; queries go to the chosen data source', () => {
  expect(new Set(dashboard.panels.map((panel) => panel.id)).size).toBe(dashboard.panels.length)
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
  )
  expect(new Set(cells).size).toBe(cells.length)
  for (const panel of charts) {
    expect([panel.title, panel.gridPos.x + panel.gridPos.w <= 24]).toEqual([panel.title, true])
    expect([panel.title, panel.description]).toEqual([panel.title, expect.stringMatching(/\.$/)])
    expect([panel.title, panel.fieldConfig?.defaults.unit]).toEqual([panel.title, expect.any(String)])
    for (const target of panel.targets ?? []) expect([panel.title, target.datasource.uid]).toEqual([panel.title, `\${datasource}`])
  }
  expect(dashboard.templating.list.map((one) => [one.name, one.type])).toContainEqual(['datasource', 'datasource'])
})

describe('promtool', () => {
  withPromtool('finds the rules and the example settings well formed', () => {
    expect(check(['check', 'rules', 'prometheus-alerts.yml'])).toEqual(WELL)
    expect(check(['check', 'config', 'prometheus.yml'])).toEqual(WELL)
  })

  withPromtool('sees every alert come when it should and not before', () => {
    expect(check(['test', 'rules', 'prometheus-alerts.test.yml'])).toEqual(WELL)
  })

  withPromtool('finds nothing to say against a scrape', () => {
    expect(check(['check', 'metrics'], scrape)).toEqual({ status: 0, output: '' })
    expect(check(['check', 'metrics'], 'backhaul_rows{a="b"} 1 2 3\n').status).not.toBe(0)
  })

  withPromtool('understands every query of the dashboard', () => {
    const asRules = expressions.map((expr, at) => ({
      record: `query_${at}`,
      expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$__range', '3h'),
    }))
    const file = join(makeFolder('ops'), 'queries.yml')
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: asRules }] }))
    expect(check(['check', 'rules', file])).toEqual({ status: 0, output: expect.stringContaining(`${expressions.length} rules found`) })
  })
})
