import { setTimeout as pause } from 'node:timers/promises'
import { Refused } from '../../base/errors'
import type { Json } from '../../base/json'
import { parsed, type RouteGate } from '../../contract'
import { isDay } from './calendar'
import { checks } from './checks'
import { normalDistrict } from './ids'
import { params as schema } from './params'
import { limiterOf } from './routes/limiters'
import type { Context } from './routes/parts'
import type { Backfill, PerformanceStatus } from './routes/shapes'
import { hasEnded, viewOf } from './routes/view'
import {
  addConfigured,
  listSnapshots,
  readCacheStatistics,
  readConfigured,
  readSnapshot,
  removeConfigured,
  type Snapshot,
  type SnapshotDistrict,
} from './store'

/*
 * The classes that programs written for the unified backfill service know, over the verbs that every entry point calls. They keep no
 * state of their own: jobs are in the database and are read by workers, so a program may end while its backfill goes on.
 */

/** What a program asks for; each field is described in `params.ts`. */
export interface BackfillRequest {
  targetDistricts?: string[]
  startDate: string
  endDate?: string
  collectionType?: 'system-wide' | 'per-district' | 'auto'
  concurrency?: number
  retryFailures?: boolean
  skipExisting?: boolean
  rateLimitDelayMs?: number
  enableCaching?: boolean
}
export type BackfillResponse = Backfill

/** The limit, the slots and the cache while nothing is read. */
export async function readPerformance({ db, settings: set, gates }: Context): Promise<PerformanceStatus> {
  const slots = { activeSlots: 0, maxConcurrent: set.TOASTMASTERS_CONCURRENCY, queueLength: 0, queueLimit: set.TOASTMASTERS_QUEUE_LIMIT }
  return {
    ...limiterOf(await gates(), await readCacheStatistics(db), set),
    concurrencyLimiter: { ...slots, timeoutMs: set.TOASTMASTERS_SLOT_TIMEOUT_MS },
  }
}

/** How often what a program watches is read again, ms. */
const WATCH_MS = 1000

/** Reads data: by a backfill, which workers run. */
export class RefreshService {
  /** @param performance read before, so that a service has figures from its first moment on */
  constructor(
    readonly context: Context,
    readonly performance?: PerformanceStatus,
  ) {}

  /** Starts a backfill. @throws {Refused} naming the field @returns its id */
  async start(request: BackfillRequest): Promise<string> {
    const wanted = { ...request }
    parsed(schema, wanted)
    const job = await this.context.act('job.start', null, wanted as unknown as Json, (tx) => this.context.start(tx, wanted))
    return job.id
  }

  /** Starts a system-wide backfill of one date. */
  executeRefresh(date: string): Promise<string> {
    return this.start({ startDate: date, collectionType: 'system-wide' })
  }
}

/** Snapshots, one for each date. They are rows of a database. */
export class PerDistrictFileSnapshotStore {
  constructor(private readonly context: Context) {}

  /** Newest dates first. */
  async listSnapshots(limit = 10): Promise<Snapshot[]> {
    return (await listSnapshots(this.context.db, { limit })).snapshots
  }

  /** @param id a date, YYYY-MM-DD */
  async getSnapshot(id: string): Promise<(Snapshot & { districts: SnapshotDistrict[] }) | undefined> {
    return isDay(id) ? await readSnapshot(this.context.db, id) : undefined
  }
}

function districtId(text: string): string {
  const id = normalDistrict(text)
  if (id === undefined) throw new Refused('input', `${JSON.stringify(text)} is not the id of a district like 42, 101 or F`, 'districtId')
  return id
}

/** The configured districts. */
export class DistrictConfigurationService {
  constructor(private readonly context: Context) {}

  getConfiguredDistricts(): Promise<string[]> {
    return readConfigured(this.context.db)
  }

  /** @throws {Refused} `input` */
  async addDistrict(text: string): Promise<void> {
    const id = districtId(text)
    await this.context.act('districts.configure', id, { districtIds: [id] }, (tx) => addConfigured(tx, [id], false, this.context.who))
  }

  /** @throws {Refused} `input` */
  async removeDistrict(text: string): Promise<void> {
    const id = districtId(text)
    await this.context.act('districts.remove', id, {}, (tx) => removeConfigured(tx, [id], this.context.who))
  }
}

/** What the scheduler's checks of this source find now; they also become alerts and webhooks without a program. */
export class AlertManager {
  constructor(private readonly context: Context) {}

  async getActiveAlerts(): Promise<{ kind: string; subject: string; message: string }[]> {
    const found = await Promise.all(
      Object.entries(checks).map(async ([kind, check]) =>
        (await check.find(this.context.db, this.context.settings, this.context.work)).map((alert) => ({ kind, ...alert })),
      ),
    )
    return found.flat()
  }
}

/** The breaker and the limit of the dashboards, which all processes share. */
export class CircuitBreakerManager {
  constructor(private readonly context: Context) {}

  getStatus(): Promise<RouteGate[]> {
    return this.context.gates()
  }
}

/** Starts backfills and shows how far they are. */
export class BackfillService {
  private readonly watched = new Map<string, Backfill>()
  private performance: PerformanceStatus | undefined
  private timer: NodeJS.Timeout | undefined
  private reading: Promise<void> | undefined

  constructor(
    private readonly refreshService: RefreshService,
    readonly snapshotStore: PerDistrictFileSnapshotStore,
    readonly configService: DistrictConfigurationService,
    readonly alertManager?: AlertManager,
    readonly circuitBreakerManager?: CircuitBreakerManager,
  ) {
    this.performance = refreshService.performance
  }

  /** Starts a backfill, or names the one that reads the same already. @throws {Refused} naming the field @returns its id */
  async initiateBackfill(request: BackfillRequest): Promise<string> {
    const id = await this.refreshService.start(request)
    await this.watch(id)
    return id
  }

  /** Reads a backfill, and keeps what `getBackfillStatus` says of it fresh until it ends. @throws {Refused} `missing` */
  async watch(id: string): Promise<BackfillResponse> {
    const shown = await viewOf(this.refreshService.context, id)
    this.watched.set(shown.backfillId, shown)
    this.performance = shown.performanceStatus
    this.timer ??= setInterval(() => void this.refresh(), WATCH_MS).unref()
    return shown
  }

  /** A backfill as it was a second ago at most. @throws {Refused} `missing` for one that is not watched */
  getBackfillStatus(id: string): BackfillResponse {
    const found = this.watched.get(id)
    if (!found) throw new Refused('missing', `backfill ${id} is not watched by this program; await watch(id) first`, 'id')
    return found
  }

  /** The limit, the slots and the cache, as they were at the last reading. */
  getPerformanceStatus(): PerformanceStatus {
    if (!this.performance) throw new Refused('state', 'no figures were read yet; use the services that openBackfill() returns')
    return this.performance
  }

  /** @throws {Refused} `state` for one that has ended, `missing` */
  async cancelBackfill(id: string): Promise<void> {
    await this.refreshService.context.steer('cancel', id)
    await this.watch(id)
  }

  /** Tries what failed again. @throws {Refused} `state` where nothing failed, `missing` */
  async retryBackfill(id: string): Promise<void> {
    await this.refreshService.context.steer('retry', id)
    await this.watch(id)
  }

  /** Waits until a backfill has ended. */
  async waitFor(id: string): Promise<BackfillResponse> {
    for (;;) {
      const shown = await this.watch(id)
      if (hasEnded(shown.state)) return shown
      await pause(WATCH_MS)
    }
  }

  /** Stops watching; backfills go on. */
  async close(): Promise<void> {
    clearInterval(this.timer)
    this.timer = undefined
    await this.reading
  }

  private async refresh(): Promise<void> {
    // A reading that takes long is not joined by another one.
    if (this.reading) return
    // While the database is unreachable, what is known stays until the next reading.
    this.reading = Promise.allSettled(this.readings()).then(() => undefined)
    await this.reading
    this.reading = undefined
  }

  /** Of the backfills that have not ended; each brings the figures along. */
  private readings(): Promise<unknown>[] {
    const open = [...this.watched.values()].filter((one) => !hasEnded(one.state))
    return open.length > 0 ? open.map((one) => this.watch(one.backfillId)) : [this.readFigures()]
  }

  private async readFigures(): Promise<void> {
    this.performance = await readPerformance(this.refreshService.context)
  }
}
