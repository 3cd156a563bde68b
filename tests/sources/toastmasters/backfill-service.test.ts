import { openBackfill } from '../../../backend/bin/open-backfill'
import {
  AlertManager,
  BackfillService,
  CircuitBreakerManager,
  DistrictConfigurationService,
  PerDistrictFileSnapshotStore,
  RefreshService,
} from '../../../backend/sources/toastmasters/backfill-service'
import { type DashboardWorld, dashboardWorld } from '../../support/toastmasters-world'
import { until } from '../../support/until'

/* The seed's TypeScript examples, as they are written, against a worker, PostgreSQL, RabbitMQ and the sandbox. */

let world: DashboardWorld
let opened: Awaited<ReturnType<typeof openBackfill>>
const services: BackfillService[] = []
const logged: string[] = []
const console = { log: (...parts: unknown[]) => logged.push(parts.map((part) => (typeof part === 'string' ? part : 'figures')).join(' ')) }

beforeAll(async () => {
  world = await dashboardWorld({ districts: undefined, clubs: 2 })
  const { databaseUrl: DATABASE_URL, rabbitmqUrl: RABBITMQ_URL } = world.suite
  opened = await openBackfill({ ...world.sandbox.urls, CONTACT: 'tests@example.org', DATABASE_URL, RABBITMQ_URL })
}, 120_000)
afterAll(async () => {
  await Promise.all(services.map((service) => service.close()))
  await opened?.close()
  await world?.close()
})
beforeEach(() => world.fresh())

const listed = (from: string, to: string) => world.truth.dates(from, to).filter((one) => one.state === 'data')

/** As a program has it before the examples begin. */
function newService(): BackfillService {
  const { refreshService, snapshotStore, configService } = opened
  const service = new BackfillService(refreshService, snapshotStore, configService)
  services.push(service)
  return service
}

test('basic system-wide backfill: synchronous reads see it go on to its end', async () => {
  const service = newService()

  // Backfill last 30 days for all configured districts
  const backfillId = await service.initiateBackfill({
    startDate: '2024-01-01',
    endDate: '2024-01-30',
  })

  // Check status
  const status = service.getBackfillStatus(backfillId)
  console.log(`Progress: ${status.progress.completed}/${status.progress.total}`)

  expect(logged.at(-1)).toMatch(/^Progress: \d+\/\d+$/)
  expect(status).toMatchObject({ backfillId, collectionStrategy: { type: 'system-wide' }, scope: { scopeType: 'system-wide' } })
  // Nothing is awaited on the service: it reads by itself.
  await until(() => service.getBackfillStatus(backfillId).status === 'complete', { timeoutMs: 60_000, what: 'the status to be complete' })
  const dates = listed('2024-01-01', '2024-01-30')
  const { progress, snapshotIds } = service.getBackfillStatus(backfillId)
  expect(snapshotIds).toEqual(dates.map((one) => one.date))
  expect(progress).toMatchObject({ completed: dates.reduce((sum, one) => sum + one.districts.length, 0), failed: 0, totalErrors: 0 })
}, 90_000)

test('targeted district backfill', async () => {
  const service = newService()

  // Backfill specific districts with custom settings
  const backfillId = await service.initiateBackfill({
    targetDistricts: ['42', '15', '73'],
    startDate: '2024-07-01',
    endDate: '2024-12-31',
    collectionType: 'per-district',
    concurrency: 5,
    retryFailures: true,
    enableCaching: true,
  })

  expect(service.getBackfillStatus(backfillId)).toMatchObject({
    status: 'processing',
    scope: { targetDistricts: ['42', '15', '73'], scopeType: 'targeted', validationPassed: true },
    collectionStrategy: { type: 'per-district', targetDistricts: ['42', '15', '73'] },
    performanceStatus: { concurrencyLimiter: { maxConcurrent: 5, queueLimit: 20 } },
  })
  await until(() => service.getBackfillStatus(backfillId).progress.completed >= 3, { timeoutMs: 60_000, what: 'the first dates' })
  // Half a year takes long: what is stored stays.
  await service.cancelBackfill(backfillId)
  expect(service.getBackfillStatus(backfillId).status).toBe('cancelled')
  expect((await service.snapshotStore.listSnapshots()).length).toBeGreaterThan(0)
}, 90_000)

test('single district backfill', async () => {
  const service = newService()

  // Backfill a single district for detailed analysis
  const backfillId = await service.initiateBackfill({
    targetDistricts: ['42'],
    startDate: '2024-01-01',
    collectionType: 'per-district',
  })

  // The dashboards still showed December on that day.
  expect(await service.waitFor(backfillId)).toMatchObject({
    status: 'complete',
    scope: { scopeType: 'single-district' },
    progress: { total: 1, completed: 0, unavailable: 1, districtProgress: { 42: { status: 'skipped', datesTotal: 1, datesProcessed: 1 } } },
    snapshotIds: [],
  })
  const { date } = world.truth.dates('2024-01-01', '2024-01-31').find((one) => one.state === 'data') as { date: string }
  const next = await service.initiateBackfill({ targetDistricts: ['42'], startDate: date, collectionType: 'per-district' })
  expect(await service.waitFor(next)).toMatchObject({ status: 'complete', progress: { total: 1, completed: 1 }, snapshotIds: [date] })
  expect(await service.snapshotStore.getSnapshot(date)).toMatchObject({ id: date, districtsStored: 1 })
  expect(await service.snapshotStore.getSnapshot('2024-02-30')).toBeUndefined()
}, 90_000)

test('service configuration and performance status', async () => {
  const { refreshService, snapshotStore, configService, alertManager, circuitBreakerManager } = opened
  const backfillService = new BackfillService(
    refreshService, // RefreshService instance
    snapshotStore, // PerDistrictFileSnapshotStore instance
    configService, // DistrictConfigurationService instance
    alertManager, // Optional AlertManager instance
    circuitBreakerManager, // Optional CircuitBreakerManager instance
  )
  services.push(backfillService)
  expect([refreshService, snapshotStore, configService, alertManager, circuitBreakerManager].map((one) => one.constructor)).toEqual([
    RefreshService,
    PerDistrictFileSnapshotStore,
    DistrictConfigurationService,
    AlertManager,
    CircuitBreakerManager,
  ])

  const performanceStatus = backfillService.getPerformanceStatus()
  console.log('Rate Limiter:', performanceStatus.rateLimiter)
  console.log('Concurrency:', performanceStatus.concurrencyLimiter)
  console.log('Cache Stats:', performanceStatus.intermediateCache)

  expect(logged.slice(-3)).toEqual(['Rate Limiter: figures', 'Concurrency: figures', 'Cache Stats: figures'])
  // The seed's defaults.
  expect(performanceStatus).toMatchObject({
    rateLimiter: { maxRequests: 10, windowMs: 60_000 },
    concurrencyLimiter: { activeSlots: 0, maxConcurrent: 3, queueLength: 0, queueLimit: 20, timeoutMs: 300_000 },
    intermediateCache: { maxEntries: 1000, maxSizeBytes: 50 * 1024 * 1024 },
  })
  expect(await circuitBreakerManager.getStatus()).toMatchObject([{ name: 'toastmasters', concurrent: 3 }])
  expect(await alertManager.getActiveAlerts()).toEqual([])
})

test('configured districts are the scope, and what is not in it is refused', async () => {
  const service = newService()
  const { configService } = opened
  await configService.addDistrict('42')
  await configService.addDistrict('15')
  expect(await configService.getConfiguredDistricts()).toEqual(['15', '42'])
  await expect(service.initiateBackfill({ startDate: '2024-01-31', targetDistricts: ['99'] })).rejects.toThrow(
    /^No valid districts to process/,
  )
  const id = await service.initiateBackfill({ startDate: '2024-01-31', targetDistricts: ['42', '99'] })
  expect(await service.waitFor(id)).toMatchObject({
    status: 'complete',
    scope: { targetDistricts: ['42'], configuredDistricts: ['15', '42'], validationPassed: false },
    errorSummary: { totalErrors: 1, permanentErrors: 1, affectedDistricts: ['99'] },
  })
  await configService.removeDistrict('15')
  expect(await configService.getConfiguredDistricts()).toEqual(['42'])
  await expect(configService.addDistrict('../etc')).rejects.toThrow('is not the id of a district')
}, 60_000)

test('failed parts are tried again, and a mismatch is an alert', async () => {
  const service = newService()
  const { alertManager } = opened
  world.sandbox.fault({ name: 'todays-body', match: 'clubperformance~42~' } as never)
  const id = await service.initiateBackfill({ startDate: '2024-01-31', targetDistricts: ['42'] })
  expect(await service.waitFor(id)).toMatchObject({
    status: 'partial_success',
    progress: { failed: 1, permanentErrors: 1 },
    errorSummary: { affectedDistricts: ['42'] },
  })
  expect(await alertManager.getActiveAlerts()).toMatchObject([{ kind: 'content_mismatch', subject: '2024-01-31 42 clubperformance' }])
  await expect(service.retryBackfill('00000000-0000-4000-8000-000000000000')).rejects.toThrow('there is no job')
  expect(() => service.getBackfillStatus('00000000-0000-4000-8000-000000000000')).toThrow('await watch(id) first')
  world.sandbox.reset()
  await service.retryBackfill(id)
  expect(await service.waitFor(id)).toMatchObject({
    status: 'complete',
    progress: { failed: 0, completed: 1 },
    snapshotIds: ['2024-01-31'],
  })
  await expect(service.cancelBackfill(id)).rejects.toThrow()
}, 60_000)
